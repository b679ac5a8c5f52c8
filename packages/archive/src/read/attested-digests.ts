import { codeOf, type Digest, isDigest, parseJson } from '@dangerzone-image/core';

const MAX_SUBJECTS = 1024;

/**
 * The digests that an envelope's statement says it is about (in-toto Statement, "subject"): which image of the file an
 * attestation is to be held against. No more than a hint: verification reads it again, and refuses what does not fit.
 */
export function attestedDigests(envelope: Uint8Array): readonly Digest[] {
  const { payload } = readObject(envelope);
  if (typeof payload !== 'string') return [];
  const { subject } = readObject(Buffer.from(payload, 'base64'));
  if (!Array.isArray(subject)) return [];
  return subject.slice(0, MAX_SUBJECTS).flatMap((one) => {
    const hex = one?.digest?.sha256;
    const digest = typeof hex === 'string' ? `sha256:${hex}` : undefined;
    return isDigest(digest) ? [digest] : [];
  });
}

function readObject(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value = parseJson(bytes, { where: 'attestation', code: 'SIGNATURE_MALFORMED' });
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch (error) {
    if (codeOf(error) === 'SIGNATURE_MALFORMED') return {};
    throw error;
  }
}
