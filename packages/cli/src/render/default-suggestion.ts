import type { ErrorCode } from '@dangerzone-image/core/errors';

const notTrusted =
  'Nothing was installed, and the image that was there still works. Try again later or another mirror; if it stays, tell the publisher.';
const tryAgain = 'Try again later, from another network, or give a --mirror.';
const look = 'Run the same command with --debug to see why.';

/** What to do about an error that brought no advice of its own: nobody is left with a bare refusal. */
export const defaultSuggestion = {
  INTERNAL: look,
  USAGE: 'See dangerzone-image --help',
  REFERENCE_INVALID: 'Write it as registry.example.org/team/image, with :tag or @sha256:… if needed.',
  RUNTIME_UNKNOWN: 'Name a runtime of this installation with --runtime.',
  PROFILE_INVALID: 'Mend the profile at the named place, or name another with --profile.',
  KEY_INVALID: 'Give the public key as the publisher hands it out (PEM).',
  SIGNATURE_MISSING: notTrusted,
  SIGNATURE_FOREIGN: notTrusted,
  SIGNATURE_INVALID: notTrusted,
  LOG_ENTRY_INVALID: notTrusted,
  THRESHOLD_NOT_MET: notTrusted,
  DIGEST_MISMATCH: notTrusted,
  PLATFORM_MISMATCH: notTrusted,
  IMAGE_NOT_VERIFIED: 'Install a good one: dangerzone-image upgrade',
  PROVENANCE_MISSING: 'Check that this is the image that you mean, or ask its publisher for provenance.',
  PROVENANCE_REJECTED: 'Do not run this image, unless it is your expectation that is wrong.',
  TRUSTED_ROOT_REFUSED: 'Nothing was changed. Try again later, or from another network.',
  ROLLBACK_REFUSED: 'Keep the image that you have, or wait for a newer release.',
  REGISTRY_UNREACHABLE: tryAgain,
  REGISTRY_DENIED: 'Check the name of the image; if it is private, log in with podman login or docker login.',
  REGISTRY_ANSWER_INVALID: `${tryAgain} A captive portal or proxy may be in between.`,
  IMAGE_NOT_FOUND: 'Check the name and the tag of the image.',
  PLATFORM_NOT_FOUND: 'The publisher offers no image for this kind of machine.',
  RUNTIME_UNAVAILABLE: 'Start the runtime, or name another with --runtime.',
  RUNTIME_FAILED: look,
  DISK_FULL: 'Free some space and run the same command again.',
  IMAGE_NOT_INSTALLED: 'Install it: dangerzone-image upgrade',
  MANIFEST_INVALID: tryAgain,
  ARCHIVE_INVALID: 'Copy the archive again, or have it made again: dangerzone-image prepare-archive.',
  SIGNATURE_MALFORMED: tryAgain,
  LIMIT_EXCEEDED: tryAgain,
  STATE_INVALID: 'Look at the named file; with --state-dir another folder can be used.',
  STATE_BUSY: 'Wait for the other run, or raise --lock-timeout.',
  CONSENT_DECLINED: 'Nothing was changed. Run it again to be asked again.',
  INTERRUPTED: 'Run it again: it goes on from a complete state.',
  TERMINATED: 'Run it again: it goes on from a complete state.',
} as const satisfies Record<ErrorCode, string>;
