import { codeOf, type Digest, isDigest, parseJson } from '@dangerzone-image/core';

/**
 * The digest that a payload says it is about (cosign SIGNATURE_SPEC.md, "Payload"): which image of the file a signature
 * is to be held against. No more than a hint: verification reads it again, and refuses what does not fit.
 */
export function namedDigest(payload: Uint8Array): Digest | undefined {
  try {
    const value = parseJson(payload, { where: 'payload', code: 'SIGNATURE_MALFORMED' });
    const digest = member(member(member(value, 'critical'), 'image'), 'docker-manifest-digest');
    return isDigest(digest) ? digest : undefined;
  } catch (error) {
    if (codeOf(error) === 'SIGNATURE_MALFORMED') return undefined;
    throw error;
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
