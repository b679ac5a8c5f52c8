import type { ImageArchive, Profile, TrustedRoot, VerbContext } from '@dangerzone-image/core';
import { openPublicRoot, rootProver } from './open-public-root.ts';
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

/** With the trusted root that an archive brings, where the profile rests on the public one and the user names no other. */
export async function withRootOf(
  archive: ImageArchive,
  given: VerbContext,
  surroundings: Surroundings,
): Promise<VerbContext> {
  if (surroundings.options.trustedRoot !== undefined) return given;
  const { withArchivedRoot } = await import('@dangerzone-image/core');
  return (await withArchivedRoot({ ...given, proveRoot: rootProver(surroundings) }, archive)).context;
}
