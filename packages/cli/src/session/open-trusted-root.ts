import type { TrustedRoot } from '@dangerzone-image/core';
import { printable } from '@dangerzone-image/core/errors';

const MAX_ROOT_BYTES = 1024 * 1024;

/** `--trusted-root`: whose certificates count, in place of the profile's trusted root or the public one. */
export async function openTrustedRoot(path: string | undefined): Promise<{ readonly trustedRoot?: TrustedRoot }> {
  if (path === undefined) return {};
  const { parseTrustedRoot, readGuardedFile } = await import('@dangerzone-image/core');
  const limits = { limit: MAX_ROOT_BYTES, what: 'trusted root', code: 'USAGE' } as const;
  return { trustedRoot: parseTrustedRoot(await readGuardedFile(path, limits), printable(path)) };
}
