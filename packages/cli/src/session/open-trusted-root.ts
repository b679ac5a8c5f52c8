import type { Profile, TrustedRoot } from '@dangerzone-image/core';
import { openPublicRoot } from './open-public-root.ts';
import type { Surroundings } from './surroundings.ts';

/**
 * Whose certificates count for provenance: --trusted-root, else the profile's own root, else the public one. A log key that a
 * profile pins is for its signatures, and knows of no certificates.
 */
export async function openTrustedRoot(surroundings: Surroundings, { trust }: Profile): Promise<TrustedRoot> {
  if (surroundings.options.trustedRoot === undefined && trust.root) return trust.root;
  const { namePublicRoot, parseTrustedRoot } = await import('@dangerzone-image/core');
  const publicRoot = await openPublicRoot(surroundings);
  return parseTrustedRoot(publicRoot.bytes, namePublicRoot(publicRoot));
}

/** For whoever opens a profile whose signatures are not in question. */
export function withoutTrustedRoot(surroundings: Surroundings): Surroundings {
  return { ...surroundings, options: { ...surroundings.options, trustedRoot: undefined } };
}
