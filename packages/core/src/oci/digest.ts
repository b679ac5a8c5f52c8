import { createHash } from 'node:crypto';
import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';

/** `sha256:` and 64 lower-case hex digits (OCI image-spec, descriptor.md, "Digests"). No other algorithm is taken. */
export type Digest = `sha256:${string}`;

const DIGEST = /^sha256:[0-9a-f]{64}$/;

export function isDigest(text: unknown): text is Digest {
  // `$` would also match before a final newline with the m flag only; length closes the door for good.
  return typeof text === 'string' && text.length === 71 && DIGEST.test(text);
}

/** The border: a digest from outside becomes one of ours here, before any URL, path or argument is built from it. */
export function parseDigest(text: unknown, where: string): Digest {
  if (isDigest(text)) return text;
  throw new CodedError('MANIFEST_INVALID', `${where}: expected a digest sha256:<64 hex>, got ${printable(text)}`);
}

export function digestOf(bytes: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The 64 hex digits alone, as in blob paths and cosign tags. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}

/** First digits of a digest, for people; never for comparing. */
export function shortDigest(digest: Digest): string {
  return digest.slice(0, 'sha256:'.length + 12);
}
