/** Every way in which a verb can end badly, with the exit code of its family. Scripts rely on both. */
export const exitCodes = {
  INTERNAL: 1,

  USAGE: 2,
  REFERENCE_INVALID: 2,
  RUNTIME_UNKNOWN: 2,
  PROFILE_INVALID: 2,
  KEY_INVALID: 2,

  SIGNATURE_MISSING: 3,
  SIGNATURE_FOREIGN: 3,
  SIGNATURE_INVALID: 3,
  LOG_ENTRY_INVALID: 3,
  THRESHOLD_NOT_MET: 3,
  DIGEST_MISMATCH: 3,
  PLATFORM_MISMATCH: 3,
  IMAGE_NOT_VERIFIED: 3,
  PROVENANCE_MISSING: 3,
  PROVENANCE_REJECTED: 3,
  TRUSTED_ROOT_REFUSED: 3,

  ROLLBACK_REFUSED: 4,

  REGISTRY_UNREACHABLE: 5,
  REGISTRY_DENIED: 5,
  REGISTRY_ANSWER_INVALID: 5,
  IMAGE_NOT_FOUND: 5,
  PLATFORM_NOT_FOUND: 5,

  RUNTIME_UNAVAILABLE: 6,
  RUNTIME_FAILED: 6,
  DISK_FULL: 6,
  IMAGE_NOT_INSTALLED: 6,

  MANIFEST_INVALID: 7,
  ARCHIVE_INVALID: 7,
  SIGNATURE_MALFORMED: 7,
  LIMIT_EXCEEDED: 7,

  STATE_INVALID: 8,
  STATE_BUSY: 8,

  CONSENT_DECLINED: 9,

  INTERRUPTED: 130,
  TERMINATED: 143,
} as const;

export type ErrorCode = keyof typeof exitCodes;

/** The exit code for an error's `code`; anything unknown is a bug of ours, never a success. */
export function exitCodeOf(code: string): number {
  return Object.hasOwn(exitCodes, code) ? exitCodes[code as ErrorCode] : exitCodes.INTERNAL;
}
