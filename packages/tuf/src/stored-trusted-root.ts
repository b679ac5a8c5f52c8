import { CodedError, readNewestUpdate, type StateFolder, type StoredUpdate } from '@dangerzone-image/core';
import { initialRoot as builtInInitialRoot } from './initial-root.ts';
import { readFrom, type TufFiles } from './tuf-files.ts';
import { type VerifiedChain, verifyChain } from './verify-chain.ts';

export interface ReadOptions {
  /** Root metadata that is believed without a proof; the one that ships with this package, where left out. */
  readonly initialRoot?: Uint8Array;
}

export interface DatedChain extends VerifiedChain, Pick<StoredUpdate, 'fetchedAt' | 'from'> {
  /** When it was what the repository said: no later than its timestamp was good for, whatever the clock was. */
  readonly asOf: Date;
}

/** A trusted root that an update brought, proven again from the initial root just now. */
export interface UpdatedTrustedRoot extends DatedChain {
  readonly number: number;
}

export const shippedRoot: Uint8Array = Buffer.from(builtInInitialRoot, 'base64');

/**
 * What the last update brought; nothing where none was made, or only before this version's own root was published. Its age is
 * no reason to refuse it: what would count in its place is older still.
 */
export async function readUpdatedTrustedRoot(
  folder: StateFolder,
  { initialRoot = shippedRoot }: ReadOptions = {},
): Promise<UpdatedTrustedRoot | undefined> {
  const stored = await readNewestUpdate(folder);
  if (!stored || newestRoot(stored.files) < rootVersion(initialRoot)) return undefined;
  try {
    return { ...withDates(stored, await prove(stored.files, initialRoot)), number: stored.number };
  } catch (cause) {
    const day = stored.fetchedAt.toISOString().slice(0, 10);
    const why = (cause as Error).message;
    throw new CodedError('STATE_INVALID', `the trusted root that was fetched on ${day} does not verify: ${why}`, {
      suggestions: ['Fetch it anew, which puts this one aside: dangerzone-image trust update'],
      details: { folder: folder.path, number: stored.number },
      cause,
    });
  }
}

function prove(files: TufFiles, initialRoot: Uint8Array): Promise<VerifiedChain> {
  return verifyChain({ initialRoot, read: readFrom(files), now: new Date(), expiry: 'told' });
}

export function withDates({ fetchedAt, from }: StoredUpdate, chain: VerifiedChain): DatedChain {
  const asOf = chain.expires.timestamp < fetchedAt ? chain.expires.timestamp : fetchedAt;
  return { ...chain, fetchedAt, from, asOf };
}

const ROOT_NAME = /^([1-9][0-9]{0,8})\.root\.json$/;

function newestRoot(files: TufFiles): number {
  return Math.max(0, ...[...files.keys()].map((name) => Number(ROOT_NAME.exec(name)?.[1] ?? 0)));
}

/** Of bytes of ours: the library reads them again, and checks them. */
function rootVersion(initialRoot: Uint8Array): number {
  return JSON.parse(Buffer.from(initialRoot).toString()).signed.version;
}
