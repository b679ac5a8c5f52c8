import {
  codeOf,
  type LockOptions,
  moveNewestAside,
  type ProgressEvent,
  parseTrustedRoot,
  readNewestUpdate,
  type StateFolder,
  storeUpdate,
  withLock,
} from '@dangerzone-image/core';
import { refuse } from './refusal.ts';
import {
  type ReadOptions,
  readUpdatedTrustedRoot,
  shippedRoot,
  type UpdatedTrustedRoot,
} from './stored-trusted-root.ts';
import { type ReadTufFile, TRUSTED_ROOT } from './tuf-files.ts';
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

/** What the update brought, which is stored now. */
export interface TrustedRootUpdate extends Pick<VerifiedChain, 'trustedRoot' | 'versions' | 'expires'> {
  readonly from: string;
  readonly fetchedAt: Date;
}

/** Where Sigstore publishes its trusted root. */
export const PUBLIC_REPOSITORY = 'https://tuf-repo-cdn.sigstore.dev';

/**
 * Fetches the public trusted root, verified from the initial root and from what was fetched before, and keeps it. Whatever
 * happens on the way, what was there goes on to count.
 */
export async function updateTrustedRoot(options: UpdateOptions): Promise<TrustedRootUpdate> {
  const { folder, read, from, initialRoot = shippedRoot, now = () => new Date(), report } = options;
  const onWait = (holder: string) => report?.({ type: 'waiting', holder });
  return withLock(folder, { ...options, verb: 'trust update', now, onWait }, async () => {
    const before = await readSound(options);
    const known = before?.files ?? (await readNewestUpdate(folder))?.files ?? new Map();
    const fetchedAt = now();
    const chain = await verifyChain({ initialRoot, read, known, now: fetchedAt, expiry: 'enforced' });
    const { trustedRoot, files, versions, expires } = chain;
    requireReadable(trustedRoot);
    const isSame = before !== undefined && Buffer.compare(before.trustedRoot, trustedRoot) === 0;
    await storeUpdate(folder, { fetchedAt, from, files }, { replaced: isSame ? before.number : undefined });
    return { trustedRoot, versions, expires, from, fetchedAt };
  });
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

/** One that this version cannot read must not take the place of one that it can. */
function requireReadable(trustedRoot: Uint8Array): void {
  try {
    parseTrustedRoot(trustedRoot, TRUSTED_ROOT);
  } catch (error) {
    throw refuse(TRUSTED_ROOT, 'unreadable', new Error((error as Error).message));
  }
}
