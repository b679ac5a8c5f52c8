import type { ErrorCode } from '../errors/error-code.ts';
import type { Trust } from '../trust/trust.ts';
import type { RefusalReason } from './signature-verdict.ts';

/** What a program is told where no signature counts, by the most telling reason. */
export const refusalCodes: Readonly<Record<RefusalReason, ErrorCode>> = {
  'signature-foreign': 'SIGNATURE_FOREIGN',
  'signature-malformed': 'SIGNATURE_MALFORMED',
  'signature-mismatch': 'SIGNATURE_INVALID',
  'payload-malformed': 'SIGNATURE_MALFORMED',
  'payload-other-type': 'SIGNATURE_INVALID',
  'payload-other-digest': 'SIGNATURE_INVALID',
  'payload-other-image': 'SIGNATURE_INVALID',
  'log-entry-missing': 'LOG_ENTRY_INVALID',
  'log-entry-malformed': 'SIGNATURE_MALFORMED',
  'log-entry-mismatch': 'LOG_ENTRY_INVALID',
  'log-unknown': 'LOG_ENTRY_INVALID',
  'log-key-expired': 'LOG_ENTRY_INVALID',
  'log-promise-invalid': 'LOG_ENTRY_INVALID',
  'log-proof-invalid': 'LOG_ENTRY_INVALID',
  'log-entry-unsupported': 'LOG_ENTRY_INVALID',
  'bundle-malformed': 'SIGNATURE_MALFORMED',
  'bundle-key-not-dedicated': 'SIGNATURE_INVALID',
  'bundle-needs-document': 'SIGNATURE_INVALID',
  'statement-malformed': 'SIGNATURE_MALFORMED',
  'statement-other-type': 'SIGNATURE_INVALID',
  'statement-other-digest': 'SIGNATURE_INVALID',
  'authority-unknown': 'SIGNATURE_INVALID',
  'certificate-invalid': 'SIGNATURE_INVALID',
  'timestamp-invalid': 'SIGNATURE_INVALID',
};

/** What a newer trusted root may know. */
const UNKNOWN: Readonly<Partial<Record<RefusalReason, string>>> = {
  'log-unknown': 'that log',
  'log-key-expired': 'that log for that time',
  'authority-unknown': 'that authority',
  'timestamp-invalid': 'an authority for the timestamp',
};

/** What a person can do about it. */
export function suggestionsFor(reason: RefusalReason, { rootName }: Trust): string[] {
  if (reason === 'signature-foreign')
    return ['Check that the profile has the publisher’s key, and that this is the image you mean.'];
  if (reason === 'payload-other-image')
    return ['Give the name that the publisher signed; to fetch from elsewhere under that name use --mirror.'];
  if (reason === 'bundle-key-not-dedicated') {
    return [
      'If the publisher says that this key signs this image and nothing else, put "dedicatedKeys": true into the profile.',
    ];
  }
  const unknown = UNKNOWN[reason];
  if (unknown !== undefined && rootName !== undefined) {
    return [
      `${rootName} does not have ${unknown}. If a newer root may have it, fetch one: dangerzone-image trust update`,
      'Or name one that you got by a way that you trust: --trusted-root FILE',
    ];
  }
  if (reason === 'log-unknown' || reason === 'log-key-expired') {
    return [
      'If the log’s key has changed, update this tool, or point SIGSTORE_REKOR_PUBLIC_KEY at the new key after checking it with the publisher.',
    ];
  }
  return ['Do not run this image. Try again later or from another network; if it stays so, tell the publisher.'];
}
