import { type LockOptions, type ProvenRoot, type StateFolder, storeUpdate, withLock } from '@dangerzone-image/core';
import { requireReadable } from './require-readable.ts';
import {
  type DatedChain,
  type ReadOptions,
  readUpdatedTrustedRoot,
  shippedRoot,
  withDates,
} from './stored-trusted-root.ts';
import { readFrom, type TufFiles } from './tuf-files.ts';
import { verifyChain } from './verify-chain.ts';

export interface TravelledOptions extends ReadOptions, Pick<LockOptions, 'signal' | 'timeoutMs' | 'onWait'> {
  /** What was fetched here, and where this one is kept; none where the system knows no home. */
  readonly folder: StateFolder | undefined;
  /** What people call the place that it came in. */
  readonly from: string;
  readonly now?: () => Date;
}

/**
 * A trusted root that came with an archive: proven from the initial root, no older than what was fetched here, and in time but
 * for its timestamp, which no archive can keep fresh. Throws TRUSTED_ROOT_REFUSED.
 */
export async function proveTravelledRoot(files: TufFiles, options: TravelledOptions): Promise<ProvenRoot> {
  const { folder } = options;
  const chain = await prove(files, options);
  return {
    ...chain,
    goodUntil: chain.expires.timestamp,
    async keep() {
      if (!folder) return;
      await withLock(folder, { ...options, verb: 'load-archive' }, async () => {
        await storeUpdate(folder, await prove(files, options)); // another run may have fetched a newer one
      });
    },
  };
}

async function prove(
  files: TufFiles,
  { folder, from, initialRoot = shippedRoot, now = () => new Date() }: TravelledOptions,
): Promise<DatedChain> {
  const before = folder && (await readUpdatedTrustedRoot(folder, { initialRoot }));
  const fetchedAt = now();
  const known = before?.files ?? new Map();
  const read = readFrom(files);
  const chain = await verifyChain({ initialRoot, read, known, now: fetchedAt, expiry: 'timestamp-tolerated' });
  requireReadable(chain.trustedRoot);
  return withDates({ fetchedAt, from, files: chain.files }, chain);
}
