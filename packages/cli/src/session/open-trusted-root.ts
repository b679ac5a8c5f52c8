import type { Profile, TrustedRoot } from '@dangerzone-image/core';
import { printable } from '@dangerzone-image/core/errors';

const MAX_ROOT_BYTES = 1024 * 1024;

/** Whose certificates count: the file that is named, else the profile's own trusted root, else the public one. */
export async function openTrustedRoot(path: string | undefined, { trust }: Profile): Promise<TrustedRoot> {
  const { builtInTrustedRoot, parseTrustedRoot, readGuardedFile } = await import('@dangerzone-image/core');
  if (path === undefined) return trust.root ?? builtInTrustedRoot();
  const limits = { limit: MAX_ROOT_BYTES, what: 'trusted root', code: 'USAGE' } as const;
  return parseTrustedRoot(await readGuardedFile(path, limits), printable(path));
}
