import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { Key, Metadata, MetaFile, Root, Signature, Snapshot, TargetFile, Targets, Timestamp } from '@tufjs/models';
import type { Role } from '../verify-chain.ts';

export interface TestKey {
  readonly key: Key;
  readonly privateKey: KeyObject;
}

export interface PublishTarget {
  /** Where no trusted root is published under its own name. */
  readonly path?: string;
  readonly expires?: Partial<Record<Role, Date>>;
}

/** A TUF repository with consistent snapshots, in memory: real metadata, really signed. For tests only. */
export interface TestRepository {
  /** Root metadata of version 1, which a client is born with. */
  readonly initialRoot: Buffer;
  /** What a server of it has, by path; may be changed as an attacker would. */
  readonly files: Map<string, Buffer>;
  /** Keys that sign now. */
  readonly keys: Readonly<Record<Role, readonly TestKey[]>>;
  /** New targets, snapshot and timestamp. */
  publish(trustedRoot: Uint8Array, options?: PublishTarget): void;
  /** A new timestamp over the same snapshot. */
  refresh(expires?: Date): void;
  /** New keys for these roles: a new root, signed by the old and the new root keys; what they sign is signed anew. */
  rotate(...roles: Role[]): void;
  /** Puts metadata of the attacker's making, signed by whom he likes; gives the bytes. */
  put(name: string, signed: Root | Timestamp | Snapshot | Targets, signers: readonly TestKey[]): Buffer;
}

const YEAR_MS = 365 * 86_400_000;
const ROOT_KEYS = 3;
const ROOT_THRESHOLD = 2;

export function createTestKey(): TestKey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const keyID = createHash('sha256').update(pem).digest('hex');
  const scheme = 'ecdsa-sha2-nistp256';
  return { key: new Key({ keyID, keyType: 'ecdsa', scheme, keyVal: { public: pem } }), privateKey };
}

export function createTestRepository({ now = new Date() }: { readonly now?: Date } = {}): TestRepository {
  const files = new Map<string, Buffer>();
  const expires = (date = new Date(now.getTime() + YEAR_MS)) => date.toISOString().replace(/\.[0-9]{3}Z$/, 'Z');
  const keys: Record<Role, readonly TestKey[]> = {
    root: Array.from({ length: ROOT_KEYS }, createTestKey),
    timestamp: [createTestKey()],
    snapshot: [createTestKey()],
    targets: [createTestKey()],
  };
  const versions: Record<Role, number> = { root: 0, timestamp: 0, snapshot: 0, targets: 0 };
  let published: { readonly trustedRoot: Uint8Array; readonly options: PublishTarget } | undefined;

  const put: TestRepository['put'] = (name, signed, signers) => {
    const bytes = signMetadata(signed, signers);
    files.set(name, bytes);
    return bytes;
  };
  const putRoot = (alsoBy: readonly TestKey[] = []): Buffer => {
    const version = ++versions.root;
    const root = new Root({ specVersion: '1.0.31', version, expires: expires(), consistentSnapshot: true });
    for (const role of Object.keys(keys) as Role[]) {
      for (const { key } of keys[role]) root.addKey(key, role);
    }
    Object.assign(root.roles.root as object, { threshold: ROOT_THRESHOLD });
    return put(`${version}.root.json`, root, [...keys.root, ...alsoBy]);
  };
  const putTimestamp = (date?: Date) => {
    const bytes = files.get(`${versions.snapshot}.snapshot.json`) as Buffer;
    const snapshotMeta = new MetaFile({ version: versions.snapshot, length: bytes.length, hashes: hashesOf(bytes) });
    const signed = { specVersion: '1.0.31', version: ++versions.timestamp, expires: expires(date), snapshotMeta };
    put('timestamp.json', new Timestamp(signed), keys.timestamp);
  };
  const publish: TestRepository['publish'] = (trustedRoot, options = {}) => {
    published = { trustedRoot, options };
    const path = options.path ?? 'trusted_root.json';
    const hashes = hashesOf(trustedRoot);
    files.set(`targets/${hashes.sha256}.${path}`, Buffer.from(trustedRoot));
    const target = new TargetFile({ path, length: trustedRoot.length, hashes });
    const facts = (role: Role) => ({
      specVersion: '1.0.31',
      version: ++versions[role],
      expires: expires(options.expires?.[role]),
    });
    const targets = new Targets({ ...facts('targets'), targets: { [path]: target } });
    const meta = { 'targets.json': new MetaFile({ version: versions.targets }) };
    put(`${versions.targets}.targets.json`, targets, keys.targets);
    const snapshot = new Snapshot({ ...facts('snapshot'), meta });
    put(`${versions.snapshot}.snapshot.json`, snapshot, keys.snapshot);
    putTimestamp(options.expires?.timestamp);
  };
  return {
    initialRoot: putRoot(),
    files,
    keys,
    publish,
    refresh: putTimestamp,
    rotate(...roles) {
      const before = keys.root;
      for (const role of roles) keys[role] = keys[role].map(createTestKey);
      putRoot(before === keys.root ? [] : before);
      if (published) publish(published.trustedRoot, published.options);
    },
    put,
  };
}

function hashesOf(bytes: Uint8Array): { readonly sha256: string } {
  return { sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Signs as the library's own signers do: over the canonical form. */
export function signMetadata(signed: Root | Timestamp | Snapshot | Targets, signers: readonly TestKey[]): Buffer {
  const metadata = new Metadata(signed);
  for (const { key, privateKey } of signers) {
    const signer = (bytes: Buffer) =>
      new Signature({ keyID: key.keyID, sig: sign('sha256', bytes, privateKey).toString('hex') });
    metadata.sign(signer);
  }
  return Buffer.from(JSON.stringify(metadata.toJSON()));
}
