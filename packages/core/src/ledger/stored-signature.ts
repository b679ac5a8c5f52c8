import * as v from 'valibot';
import { CodedError } from '../errors/coded-error.ts';
import { parseJson } from '../oci/parse-json.ts';
import { parseShape } from '../oci/parse-shape.ts';
import { decodeBase64 } from '../verify/canonical-base64.ts';
import type { LegacySignature } from '../verify/legacy-signature.ts';
import { parseRekorBundle } from '../verify/rekor-bundle.ts';
import { MAX_SIGNATURES } from '../verify/verify-signatures.ts';

/** A file of 50 signatures with long payloads; real ones have one signature of 1.5 kB. */
export const MAX_SIGNATURE_FILE_BYTES = 4 * 1024 * 1024;

const base64 = v.pipe(
  v.string(),
  v.check((text) => decodeBase64(text) !== undefined, 'expected canonical base64'),
);
// Keyless material has no say beside a pinned key: an entry that brings any is refused, not ignored.
const absent = v.exactOptional(v.null('expected no certificate'));

/** One signature as `cosign download signature` prints it. What it says is verified at every use. */
const storedSchema = v.pipe(
  v.array(
    v.strictObject({
      Base64Signature: v.pipe(v.string(), v.maxLength(16 * 1024)),
      Payload: base64,
      Cert: absent,
      Chain: absent,
      Bundle: v.unknown(),
      RFC3161Timestamp: v.exactOptional(v.null('expected no timestamp')),
    }),
  ),
  v.maxLength(MAX_SIGNATURES, `expected at most ${MAX_SIGNATURES} signatures`),
);

export function parseSignatures(bytes: Uint8Array, where: string): LegacySignature[] {
  const place = { where, code: 'SIGNATURE_MALFORMED' } as const;
  return parseShape(storedSchema, parseJson(bytes, place), place).map(({ Base64Signature, Payload, Bundle }) => ({
    payload: Buffer.from(Payload, 'base64'),
    signature: Base64Signature,
    bundle: Bundle ?? undefined,
  }));
}

/** Dangerzone reads every one of these members, and the log index as a number. */
export function formatSignatures(signatures: readonly LegacySignature[], where: string): Uint8Array {
  const bytes = Buffer.from(JSON.stringify(signatures.map(formatSignature)));
  if (signatures.length <= MAX_SIGNATURES && bytes.length <= MAX_SIGNATURE_FILE_BYTES) return bytes;
  throw new CodedError(
    'LIMIT_EXCEEDED',
    `${where}: ${signatures.length} signatures of ${bytes.length} bytes are more than is kept`,
  );
}

function formatSignature({ payload, signature, bundle }: LegacySignature) {
  return {
    Base64Signature: signature,
    Payload: Buffer.from(payload).toString('base64'),
    Cert: null,
    Chain: null,
    Bundle: bundle === undefined ? null : formatBundle(bundle),
    RFC3161Timestamp: null,
  };
}

function formatBundle(bundle: unknown) {
  const { signedEntryTimestamp, body, integratedTime, logIndex, logId } = parseRekorBundle(bundle);
  return {
    SignedEntryTimestamp: signedEntryTimestamp.toString('base64'),
    Payload: { body: body.toString('base64'), integratedTime, logIndex, logID: logId },
  };
}
