import { Readable } from 'node:stream';
import { TrustedMetadataStore } from 'tuf-js/dist/store.js';
import { readMetadata } from './read-metadata.ts';
import { isSameVersion, onFile, refuse } from './refusal.ts';
import { type ReadTufFile, TIMESTAMP, TRUSTED_ROOT, type TufFiles } from './tuf-files.ts';

export interface ChainOptions {
  /** Root metadata that is believed without a proof. */
  readonly initialRoot: Uint8Array;
  readonly read: ReadTufFile;
  /** Files that were verified before: nothing may be older than they are. */
  readonly known?: TufFiles;
  readonly now: Date;
  readonly expiry: Expiry;
}

/**
 * `enforced`: nothing may have expired, for what comes from the network. `timestamp-tolerated`: the timestamp may have, for
 * what travelled; all else not. `told`: what is kept here was in time when it came, and how old it is now is told.
 */
export type Expiry = 'enforced' | 'timestamp-tolerated' | 'told';

/** A trusted root, and the metadata that proves it. */
export interface VerifiedChain {
  readonly trustedRoot: Uint8Array;
  /** What proves it again, the initial root included. */
  readonly files: TufFiles;
  readonly versions: Readonly<Record<Role, number>>;
  readonly expires: Readonly<Record<Role, Date>>;
}

export type Role = 'root' | 'timestamp' | 'snapshot' | 'targets';

/** Bytes. A repository's files are a tenth of it. */
export const MAX_METADATA_BYTES = 512 * 1024;
export const MAX_TRUSTED_ROOT_BYTES = 1024 * 1024;
export const MAX_ROTATIONS = 256;
const SHA256 = /^[0-9a-f]{64}$/;

interface Walk extends ChainOptions {
  readonly store: TrustedMetadataStore;
  readonly known: TufFiles;
  readonly files: Map<string, Uint8Array>;
}

/**
 * The client workflow of The Update Framework (specification 1.0, section 5) for one target of the top-level role. The
 * checks are tuf-js's; which file comes next, and from where, is decided here.
 */
export async function verifyChain(options: ChainOptions): Promise<VerifiedChain> {
  const walk = begin(options);
  await followRoots(walk);
  await takeTimestamp(walk);
  await takeSnapshot(walk);
  await takeTargets(walk);
  const trustedRoot = await takeTrustedRoot(walk);
  requireInTime(walk);
  return { trustedRoot, files: walk.files, ...factsOf(walk.store) };
}

function begin(options: ChainOptions): Walk {
  const { initialRoot, expiry, now, known = new Map() } = options;
  const store = onFile('root.json', () => new TrustedMetadataStore(Buffer.from(initialRoot)));
  // The library takes the time when it is made, and offers no other way. Were the member to go, it would take the clock's:
  // then an old timestamp would be refused, and nothing let through.
  Object.assign(store, { referenceTime: expiry === 'enforced' ? now : new Date(0) });
  const files = new Map([[`${store.root.signed.version}.root.json`, initialRoot]]);
  return { ...options, store, known, files };
}

/** Section 5.3: each root is signed by the one before it and by itself, and no number is left out. */
async function followRoots({ store, known, read, files }: Walk): Promise<void> {
  for (let rotation = 0; rotation <= MAX_ROTATIONS; rotation++) {
    const name = `${store.root.signed.version + 1}.root.json`;
    const bytes = await readMetadata(known.has(name) ? async () => known.get(name) : read, {
      name,
      limit: MAX_METADATA_BYTES,
    });
    if (bytes === undefined) return requireConsistent(store);
    onFile(name, () => store.updateRoot(bytes));
    files.set(name, bytes);
  }
  throw refuse('root.json', 'malformed', new Error(`changed more than ${MAX_ROTATIONS} times`));
}

/** Only there does a name mean one version of a file for ever; Sigstore's repository has them. */
function requireConsistent({ root: { signed } }: TrustedMetadataStore): void {
  if (!signed.consistentSnapshot) throw refuse('root.json', 'malformed', new Error('no consistent snapshots'));
}

/** Section 5.4. One that was seen before and whose key was not replaced since holds up every older one. */
async function takeTimestamp({ store, known, read, files }: Walk): Promise<void> {
  const name = TIMESTAMP;
  const before = known.get(name);
  if (before) ifItHolds(() => store.updateTimestamp(Buffer.from(before)));
  const bytes = await need(read, name);
  const isNews = onFile(name, () => {
    try {
      return store.updateTimestamp(bytes) !== undefined;
    } catch (error) {
      if (before && isSameVersion(error)) return false;
      throw error;
    }
  });
  files.set(name, isNews ? bytes : (before as Uint8Array));
}

/** Section 5.5: the one that the timestamp means, which takes no file back to an earlier version. */
async function takeSnapshot({ store, known, read, files }: Walk): Promise<void> {
  const name = `${store.timestamp?.signed.snapshotMeta.version}.snapshot.json`;
  const before = [...known].find(([file]) => file.endsWith('.snapshot.json'))?.[1];
  if (before) ifItHolds(() => store.updateSnapshot(Buffer.from(before), true));
  const bytes = known.get(name) ?? (await need(read, name));
  onFile(name, () => store.updateSnapshot(Buffer.from(bytes)));
  files.set(name, bytes);
}

/** Section 5.6: the one that the snapshot means. */
async function takeTargets({ store, known, read, files }: Walk): Promise<void> {
  const meta = store.snapshot?.signed.meta['targets.json'];
  if (!meta) throw refuse('targets.json', 'missing');
  const name = `${meta.version}.targets.json`;
  const bytes = known.get(name) ?? (await need(read, name));
  onFile(name, () => store.updateDelegatedTargets(Buffer.from(bytes), 'targets', 'root'));
  files.set(name, bytes);
}

/** Section 5.7. Its name there is its hash, which nobody may leave out: without one any bytes would do. */
async function takeTrustedRoot({ store, known, read, files }: Walk): Promise<Uint8Array> {
  const { targets = {} } = store.targets?.signed ?? {};
  const target = Object.hasOwn(targets, TRUSTED_ROOT) ? targets[TRUSTED_ROOT] : undefined;
  if (!target) throw refuse(TRUSTED_ROOT, 'missing');
  const { sha256: hash = '' } = target.hashes;
  if (!SHA256.test(hash)) throw refuse(TRUSTED_ROOT, 'malformed', new Error('it has no SHA-256'));
  const name = `targets/${hash}.${TRUSTED_ROOT}`;
  const bytes = known.get(name) ?? (await read(name, Math.min(target.length, MAX_TRUSTED_ROOT_BYTES)));
  if (bytes === undefined) throw refuse(name, 'missing');
  await target.verify(Readable.from([bytes])).catch((error) => onFile(name, () => raise(error)));
  files.set(name, bytes);
  return bytes;
}

/** What travelled may have an old timestamp and nothing else that is old: that is as far as TUF's promise bends. */
function requireInTime({ store, expiry, now }: Walk): void {
  if (expiry !== 'timestamp-tolerated') return;
  const { root, snapshot, targets } = store;
  for (const metadata of [root, snapshot, targets]) {
    if (metadata?.signed.isExpired(now)) throw refuse(`${metadata.signed.type}.json`, 'expired');
  }
}

async function need(read: ReadTufFile, name: string): Promise<Buffer> {
  const bytes = await readMetadata(read, { name, limit: MAX_METADATA_BYTES });
  if (bytes === undefined) throw refuse(name, 'missing');
  return bytes;
}

/**
 * What was verified before is held against today's metadata: that its key was replaced since, that it has expired or was
 * followed by another version is how it should be. Where somebody damaged it, it holds up nothing.
 */
function ifItHolds(step: () => unknown): void {
  try {
    step();
  } catch {
    return;
  }
}

/** Once every step was taken, all four are there. */
function factsOf(store: TrustedMetadataStore): Pick<VerifiedChain, 'versions' | 'expires'> {
  const signed = (role: Role) => (store[role] as NonNullable<TrustedMetadataStore[Role]>).signed;
  const each = <T>(fact: (role: Role) => T): Record<Role, T> => ({
    root: fact('root'),
    timestamp: fact('timestamp'),
    snapshot: fact('snapshot'),
    targets: fact('targets'),
  });
  return {
    versions: each((role) => signed(role).version),
    expires: each((role) => new Date(signed(role).expires)),
  };
}

function raise(error: unknown): never {
  throw error;
}
