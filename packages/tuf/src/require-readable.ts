import { parseTrustedRoot } from '@dangerzone-image/core';
import { refuse } from './refusal.ts';
import { TRUSTED_ROOT } from './tuf-files.ts';

/** A trusted root that this version cannot read must not take the place of one that it can. */
export function requireReadable(trustedRoot: Uint8Array): void {
  try {
    parseTrustedRoot(trustedRoot, TRUSTED_ROOT);
  } catch (error) {
    throw refuse(TRUSTED_ROOT, 'unreadable', new Error((error as Error).message));
  }
}
