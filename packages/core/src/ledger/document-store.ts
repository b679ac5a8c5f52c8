import { CodedError } from '../errors/coded-error.ts';
import { type Digest, digestOf, hexOf, isDigest } from '../oci/digest.ts';
import { atomicWrite, removeStateFile } from './atomic-write.ts';
import { listStateFolder } from './list-state-folder.ts';
import { readStateFile } from './read-state-file.ts';
import type { StateFolder } from './state-folder.ts';
import { nodeStateFs, type StateFs } from './state-fs.ts';

/** As much as a registry accepts for a manifest, and as a config is read. */
export const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;
const MAX_DOCUMENTS = 5_000;

interface StoreOptions {
  readonly fs?: StateFs;
}

/** Keeps raw bytes of an index, manifest or config; what they are is proven by their name whenever they are read. */
export async function writeDocument(
  folder: StateFolder,
  bytes: Uint8Array,
  { fs = nodeStateFs }: StoreOptions = {},
): Promise<Digest> {
  const digest = digestOf(bytes);
  if (bytes.length > MAX_DOCUMENT_BYTES) {
    throw new CodedError(
      'LIMIT_EXCEEDED',
      `${digest} is ${bytes.length} bytes long: at most ${MAX_DOCUMENT_BYTES} are kept`,
    );
  }
  await atomicWrite(folder, namesOf(digest), bytes, fs);
  return digest;
}

/** The bytes of exactly this digest, or nothing when they are not kept. */
export async function readDocument(
  folder: StateFolder,
  digest: Digest,
  { fs = nodeStateFs }: StoreOptions = {},
): Promise<Uint8Array | undefined> {
  const bytes = await readStateFile(folder, namesOf(digest), MAX_DOCUMENT_BYTES, fs);
  if (!bytes) return undefined;
  const got = digestOf(bytes);
  if (got === digest) return bytes;
  throw new CodedError('DIGEST_MISMATCH', `stored document ${digest}: expected this digest, the bytes have ${got}`, {
    suggestions: [
      'Somebody changed the stored copy. Run upgrade or store-signatures again: it is fetched anew and verified.',
    ],
  });
}

export async function removeDocument(
  folder: StateFolder,
  digest: Digest,
  { fs = nodeStateFs }: StoreOptions = {},
): Promise<void> {
  await removeStateFile(folder, namesOf(digest), fs);
}

/** Digests of all that is kept, by name alone: `readDocument` proves each. */
export async function listDocuments(folder: StateFolder, { fs = nodeStateFs }: StoreOptions = {}): Promise<Digest[]> {
  const names = await listStateFolder(folder, ['manifests'], MAX_DOCUMENTS, fs);
  return names
    .map((name) => name.replace(/^sha256-/, 'sha256:'))
    .filter(isDigest)
    .sort();
}

/** `manifests/sha256-<hex>`: Windows allows no colon in a name. */
function namesOf(digest: Digest): string[] {
  return ['manifests', `sha256-${hexOf(digest)}`];
}
