import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { createTestTree, type TestTree } from './test-tree.ts';

/** An entry as a bundle has it (protobuf-specs, sigstore_rekor.proto, in JSON): each member may be changed. */
export interface TestBundleEntry {
  logIndex?: string;
  logId: { keyId: string };
  kindVersion: { kind: string; version: string };
  integratedTime?: string;
  inclusionPromise?: { signedEntryTimestamp: string };
  inclusionProof?: TestInclusionProof;
  canonicalizedBody: string;
}

export interface TestInclusionProof {
  logIndex?: string;
  rootHash: string;
  treeSize: string;
  hashes: string[];
  checkpoint: { envelope: string };
}

export interface TestEntryOptions {
  readonly time?: Date | undefined;
  readonly logIndex?: number | undefined;
}

/** A log as bundles see it: of Rekor v1 with promise and proof, of Rekor v2 with a proof. */
export interface TestBundleLog {
  readonly version: 1 | 2;
  /** Hex: as `TransparencyLog` has it. */
  readonly id: string;
  /** The name that it signs checkpoints with. */
  readonly name: string;
  /** As `tlogs` of a trusted_root.json lists it. */
  readonly instance: TestLogInstance;
  entry(kind: TestBundleEntry['kindVersion'], body: Uint8Array, options?: TestEntryOptions): TestBundleEntry;
}

export interface TestLogInstance {
  baseUrl: string;
  hashAlgorithm: string;
  publicKey: { rawBytes: string; keyDetails: string; validFor: { start?: string; end?: string } };
  logId: { keyId: string };
}

export interface TestTileLogOptions {
  /** Host and path of its base URL: the name that it signs with. */
  readonly name?: string;
  /** Entries of others that stand before ours. */
  readonly size?: number;
  readonly privateKey?: KeyObject;
}

/** A log of Rekor v2 (sigstore/rekor-tiles): Ed25519, no promise, no time of its own; one index, which the proof proves. */
export function createTestTileLog({
  name = 'log2026-1.rekor.example.org',
  size = 5,
  privateKey = generateKeyPairSync('ed25519').privateKey,
}: TestTileLogOptions = {}): TestBundleLog {
  const raw = Buffer.from(privateKey.export({ format: 'jwk' }).x as string, 'base64url');
  // c2sp.org/signed-note, "Signatures": the key ID covers the name, so one key under two names is two logs.
  const id = createHash('sha256').update(`${name}\n`).update(Buffer.of(1)).update(raw).digest();
  const tree = createTestTree();
  for (let other = 0; other < size; other++) tree.add(Buffer.from(`entry ${other} of ${name}`));
  return {
    version: 2,
    id: id.toString('hex'),
    name,
    instance: instanceOf(name, id, Buffer.concat([ED25519_SPKI, raw]), 'PKIX_ED25519'),
    entry(kindVersion, body) {
      const index = tree.add(body);
      const proof = prove(tree, index, { origin: name, name, id, privateKey });
      return {
        ...withIndex(index),
        logId: { keyId: id.toString('base64') },
        kindVersion: { ...kindVersion },
        inclusionProof: proof,
        canonicalizedBody: Buffer.from(body).toString('base64'),
      };
    },
  };
}

/** What stands before the 32 bytes of an Ed25519 key in its SPKI (RFC 8410). */
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex');

/** As JSON of protobuf writes a number: text, left out where it is 0. */
export function withIndex(index: number): { logIndex?: string } {
  return index === 0 ? {} : { logIndex: String(index) };
}

export function instanceOf(name: string, id: Buffer, spki: Buffer, keyDetails: string): TestLogInstance {
  return {
    baseUrl: `https://${name}`,
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes: spki.toString('base64'), keyDetails, validFor: { start: '2020-01-01T00:00:00Z' } },
    logId: { keyId: id.toString('base64') },
  };
}

export interface TestNoteSigner {
  readonly origin: string;
  readonly name: string;
  /** Its first four bytes are the hint. */
  readonly id: Buffer;
  readonly privateKey: KeyObject;
}

/** That a leaf is in the tree as it is now. */
export function prove(tree: TestTree, index: number, signer: TestNoteSigner): TestInclusionProof {
  const rootHash = tree.root().toString('base64');
  return {
    ...withIndex(index),
    rootHash,
    treeSize: String(tree.size),
    hashes: tree.proof(index).map((hash) => hash.toString('base64')),
    checkpoint: { envelope: signTestNote([signer.origin, String(tree.size), rootHash], [signer]) },
  };
}

/** A checkpoint (c2sp.org/tlog-checkpoint), signed by log and witnesses. */
export function signTestNote(lines: readonly string[], signers: readonly Omit<TestNoteSigner, 'origin'>[]): string {
  const text = `${lines.join('\n')}\n`;
  const signatures = signers.map(({ name, id, privateKey }) => {
    const hash = privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256';
    const signature = sign(hash, Buffer.from(text), privateKey);
    return `\u2014 ${name} ${Buffer.concat([id.subarray(0, 4), signature]).toString('base64')}\n`;
  });
  return `${text}\n${signatures.join('')}`;
}
