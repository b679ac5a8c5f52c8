import { CodedError, codeOf } from '../errors/coded-error.ts';
import { type Digest, digestOf, hexOf, isDigest } from '../oci/digest.ts';
import { parseJson } from '../oci/parse-json.ts';
import { MAX_SIGNATURE_BUNDLE_BYTES } from '../verify/accept-bundle-signature.ts';
import type { BundleDocument } from '../verify/bundle-document.ts';
import { atomicWrite, removeStateFile } from './atomic-write.ts';
import { listStateFolder } from './list-state-folder.ts';
import { readStateFile } from './read-state-file.ts';
import type { StateFolder } from './state-folder.ts';
import { nodeStateFs, type StateFs } from './state-fs.ts';

/** Kept of one digest. */
const MAX_BUNDLES = 50;
/** More names than this, damaged ones and half-written ones included, are not listed. */
const MAX_NAMES = 1_000;
const MAX_DIGESTS = 5_000;

interface StoreOptions {
  readonly fs?: StateFs;
}

/** A stored bundle by its place: `bundles/sha256-<hex of what it is about>/<hex of the document>.json`. */
export interface StoredBundle {
  readonly about: Digest;
  readonly document: Digest;
}

/** Stored bundles of a digest, as found and not believed: verify them again. In the order of their names. */
export async function readBundles(
  folder: StateFolder,
  about: Digest,
  { fs = nodeStateFs }: StoreOptions = {},
): Promise<BundleDocument[]> {
  const bundles: BundleDocument[] = [];
  for (const { document } of (await listBundles(folder, about, { fs })).slice(0, MAX_BUNDLES)) {
    const bytes = await readStateFile(folder, namesOf({ about, document }), MAX_SIGNATURE_BUNDLE_BYTES, fs);
    if (bytes) bundles.push(toDocument(bytes));
  }
  return bundles;
}

/**
 * Adds accepted bundles of a digest to those that are stored. There is room for so many: those given now stay, for they
 * were verified just now.
 */
export async function writeBundles(
  folder: StateFolder,
  about: Digest,
  bundles: readonly BundleDocument[],
  { fs = nodeStateFs }: StoreOptions = {},
): Promise<void> {
  const given = new Map(bundles.map(({ bytes }) => [digestOf(bytes), bytes]));
  for (const [document, bytes] of given) {
    if (given.size <= MAX_BUNDLES && bytes.length <= MAX_SIGNATURE_BUNDLE_BYTES) continue;
    const what = `${given.size} bundles of ${about}, ${document} with ${bytes.length} bytes`;
    throw new CodedError(
      'LIMIT_EXCEEDED',
      `${what}: at most ${MAX_BUNDLES} of ${MAX_SIGNATURE_BUNDLE_BYTES} bytes are kept`,
    );
  }
  for (const [document, bytes] of given) await atomicWrite(folder, namesOf({ about, document }), bytes, fs);
  const others = (await listBundles(folder, about, { fs })).filter(({ document }) => !given.has(document));
  const room = MAX_BUNDLES - given.size;
  for (const surplus of others.slice(room)) await removeStateFile(folder, namesOf(surplus), fs);
}

/** The bytes of one stored bundle, held against its name; nothing when it is not there. */
export async function readStoredBundle(
  folder: StateFolder,
  stored: StoredBundle,
  { fs = nodeStateFs }: StoreOptions = {},
): Promise<Uint8Array | undefined> {
  const bytes = await readStateFile(folder, namesOf(stored), MAX_SIGNATURE_BUNDLE_BYTES, fs);
  if (!bytes || digestOf(bytes) === stored.document) return bytes;
  const got = digestOf(bytes);
  throw new CodedError('DIGEST_MISMATCH', `stored bundle ${nameOf(stored)}: its bytes have the digest ${got}`, {
    suggestions: ['Somebody changed the stored copy. Run upgrade again: it is fetched anew and verified.'],
  });
}

/** What is stored of a digest, by name alone, in the order of the names. */
export async function listBundles(
  folder: StateFolder,
  about: Digest,
  { fs = nodeStateFs }: StoreOptions = {},
): Promise<StoredBundle[]> {
  const names = await listStateFolder(folder, ['bundles', folderOf(about)], MAX_NAMES, fs);
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => `sha256:${name.slice(0, -'.json'.length)}`)
    .filter(isDigest)
    .sort()
    .map((document) => ({ about, document }));
}

/** Every digest of which bundles are stored; they may be anything. */
export async function bundledDigests(folder: StateFolder, { fs = nodeStateFs }: StoreOptions = {}): Promise<Digest[]> {
  const names = await listStateFolder(folder, ['bundles'], MAX_DIGESTS, fs);
  return names
    .map((name) => name.replace(/^sha256-/, 'sha256:'))
    .filter(isDigest)
    .sort();
}

/** Path in the state folder. */
export function nameOf(stored: StoredBundle): string {
  return namesOf(stored).join('/');
}

function namesOf({ about, document }: StoredBundle): string[] {
  return ['bundles', folderOf(about), `${hexOf(document)}.json`];
}

/** Windows allows no colon in a name. */
function folderOf(about: Digest): string {
  return `sha256-${hexOf(about)}`;
}

/** A stored bundle as verification takes it: no layer keeps it any more, so it is of the type that it says itself. */
export function toDocument(bytes: Uint8Array): BundleDocument {
  return { mediaType: mediaTypeOf(bytes), bytes };
}

/** As the document says it, which was compared when it was accepted; nothing for what is no bundle, which is then refused. */
function mediaTypeOf(bytes: Uint8Array): string {
  try {
    const value = parseJson(bytes, { where: 'a stored bundle', code: 'SIGNATURE_MALFORMED' });
    const { mediaType } = (value ?? {}) as { readonly mediaType?: unknown };
    return typeof mediaType === 'string' ? mediaType : '';
  } catch (error) {
    if (codeOf(error) === 'SIGNATURE_MALFORMED') return '';
    throw error;
  }
}
