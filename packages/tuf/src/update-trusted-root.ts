import {
  codeOf,
  type FetchedRoot,
  findPublicRoot,
  type LockOptions,
  moveNewestAside,
  namePublicRoot,
  type ProgressEvent,
  type PublicRoot,
  readNewestUpdate,
  type StateFolder,
  storeUpdate,
  withLock,
} from '@dangerzone-image/core';
import { requireReadable } from './require-readable.ts';
import {
  type DatedChain,
  type ReadOptions,
  readUpdatedTrustedRoot,
  shippedRoot,
  type UpdatedTrustedRoot,
  withDates,
} from './stored-trusted-root.ts';
import { type ReadTufFile, TIMESTAMP, type TufFiles } from './tuf-files.ts';
import { type VerifiedChain, verifyChain } from './verify-chain.ts';

export interface UpdateOptions extends ReadOptions, Pick<LockOptions, 'signal' | 'timeoutMs'> {
  /** Where it is kept, with what was fetched before. */
  readonly folder: StateFolder;
  /** Reads from the repository. */
  readonly read: ReadTufFile;
  /** What people call the repository. */
  readonly from: string;
  readonly now?: () => Date;
  readonly report?: (event: ProgressEvent) => void;
}

/** What the update brought, which is kept now. */
export interface TrustUpdateResult extends Pick<VerifiedChain, 'versions' | 'expires'> {
  readonly verb: 'trust update';
  /** `up-to-date`: it says what was in force before. */
  readonly status: 'updated' | 'up-to-date';
  readonly from: string;
  readonly fetchedAt: Date;
  readonly notices: readonly string[];
}

/** Where Sigstore publishes its trusted root. */
export const PUBLIC_REPOSITORY = 'https://tuf-repo-cdn.sigstore.dev';

/**
 * Fetches the public trusted root, verified from the initial root and from what was fetched before, and keeps it. Whatever
 * happens on the way, what was there goes on to count.
 */
export async function updateTrustedRoot(options: UpdateOptions): Promise<TrustUpdateResult> {
  const { folder, read, from, initialRoot = shippedRoot, now = () => new Date(), report } = options;
  const onWait = (holder: string) => report?.({ type: 'waiting', holder });
  return withLock(folder, { ...options, verb: 'trust update', now, onWait }, async () => {
    const before = await readSound(options);
    const known = before?.files ?? (await timestampSeen(folder));
    const fetchedAt = now();
    const chain = await verifyChain({ initialRoot, read, known, now: fetchedAt, expiry: 'enforced' });
    requireReadable(chain.trustedRoot);
    const isSame = before !== undefined && Buffer.compare(before.trustedRoot, chain.trustedRoot) === 0;
    const update = { fetchedAt, from, files: chain.files };
    await storeUpdate(folder, update, { replaced: isSame ? before.number : undefined });
    return resultOf(before, withDates(update, chain));
  });
}

/**
 * Of an update from before this version's own root nothing is proven any more; its timestamp holds up older ones, where a key
 * signed it that still counts.
 */
async function timestampSeen(folder: StateFolder): Promise<TufFiles> {
  const timestamp = (await readNewestUpdate(folder))?.files.get(TIMESTAMP);
  return new Map(timestamp && [[TIMESTAMP, timestamp]]);
}

async function resultOf(before: FetchedRoot | undefined, after: DatedChain): Promise<TrustUpdateResult> {
  const inForce = async (fetched: FetchedRoot | undefined) => findPublicRoot({ readFetched: async () => fetched });
  const [earlier, current] = [await inForce(before), await inForce(after)];
  const { versions, expires, from, fetchedAt } = after;
  const isNews = textOf(earlier) !== textOf(current);
  const clockIsBehind = `It does not count: by the clock of this machine it is from before ${namePublicRoot(current)}.`;
  return {
    verb: 'trust update',
    status: isNews ? 'updated' : 'up-to-date',
    from,
    fetchedAt,
    versions,
    expires,
    notices: current.origin === 'updated' ? [] : [clockIsBehind],
  };
}

/** Whether it says the same does not depend on how it is set. */
function textOf({ bytes }: PublicRoot): string {
  return JSON.stringify(JSON.parse(Buffer.from(bytes).toString()));
}

/** The newest update that verifies. What does not is put aside, for it would stand in the way for ever. */
async function readSound(options: UpdateOptions): Promise<UpdatedTrustedRoot | undefined> {
  const { folder, report } = options;
  for (;;) {
    try {
      return await readUpdatedTrustedRoot(folder, options);
    } catch (error) {
      if (codeOf(error) !== 'STATE_INVALID') throw error;
      const kept = await moveNewestAside(folder);
      if (kept === undefined) throw error;
      report?.({ type: 'notice', message: `${(error as Error).message}. It is kept as ${kept}.` });
    }
  }
}
