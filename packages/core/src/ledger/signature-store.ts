import { join } from 'node:path';
import { codeOf } from '../errors/coded-error.ts';
import { printablePath } from '../errors/printable.ts';
import { type Digest, hexOf, isDigest } from '../oci/digest.ts';
import type { TrustedKey } from '../trust/public-key.ts';
import type { Trust } from '../trust/trust.ts';
import type { LegacySignature } from '../verify/legacy-signature.ts';
import { parseRekorBundle } from '../verify/rekor-bundle.ts';
import { MAX_SIGNATURES } from '../verify/verify-signatures.ts';
import { atomicWrite } from './atomic-write.ts';
import { counts } from './counts.ts';
import { listStateFolder } from './list-state-folder.ts';
import { readStateFile } from './read-state-file.ts';
import { factsOf } from './require-private.ts';
import type { StateFolder } from './state-folder.ts';
import { nodeStateFs, type StateFs } from './state-fs.ts';
import { formatSignatures, MAX_SIGNATURE_FILE_BYTES, parseSignatures } from './stored-signature.ts';

/** More files than this are not listed; a release every week for a century has fewer. */
export const MAX_STORED_DIGESTS = 5_000;
const MAX_KEYS = 1_000;
const KEY_FOLDER = /^[0-9a-f]{64}$/;

interface StoreOptions {
  readonly fs?: StateFs;
}

/**
 * Stored signatures of a digest by one key's folder, as found and not believed: verify them again. Nothing when none
 * are stored. The folder is Dangerzone's, so the key is named by the digest of its file.
 */
export async function readSignatures(
  folder: StateFolder,
  key: Pick<TrustedKey, 'fileDigest'>,
  digest: Digest,
  { fs = nodeStateFs }: StoreOptions = {},
): Promise<LegacySignature[] | undefined> {
  const names = namesOf(key, digest);
  const bytes = await readStateFile(folder, names, MAX_SIGNATURE_FILE_BYTES, fs);
  return bytes && parseSignatures(bytes, printablePath(join(folder.path, ...names)));
}

interface WriteOptions extends StoreOptions {
  /** With it, signatures that do not verify by this very key are left out, also stored ones. */
  readonly trust?: Trust;
}

/**
 * Adds accepted signatures of one key to those that are stored for a digest. Dangerzone refuses the whole file for one
 * signature that does not verify, so nothing else may go in.
 */
export async function writeSignatures(
  folder: StateFolder,
  key: TrustedKey,
  digest: Digest,
  signatures: readonly LegacySignature[],
  { fs = nodeStateFs, trust }: WriteOptions = {},
): Promise<void> {
  const stored = await readUsable(folder, key, digest, fs);
  const accepted = union(
    [...signatures, ...stored].filter((entry) => !trust || counts(entry, key, digest, trust)),
    trust !== undefined,
  );
  if (accepted.length === 0) return;
  const names = namesOf(key, digest);
  await atomicWrite(folder, names, formatSignatures(accepted.slice(0, MAX_SIGNATURES), join(...names)), fs);
}

/** Every digest that has a file in a key's folder; the file may hold anything. */
export async function storedDigests(
  folder: StateFolder,
  key: Pick<TrustedKey, 'fileDigest'>,
  { fs = nodeStateFs }: StoreOptions = {},
): Promise<Digest[]> {
  const names = await listStateFolder(folder, ['signatures', key.fileDigest], MAX_STORED_DIGESTS, fs);
  return names
    .map((name) => `sha256:${name.replace(/\.json$/, '')}`)
    .filter(isDigest)
    .sort();
}

/** Key files (by their digest) under which signatures of a digest are stored, trusted now or not. */
export async function keyFoldersWith(
  folder: StateFolder,
  digest: Digest,
  { fs = nodeStateFs }: StoreOptions = {},
): Promise<string[]> {
  const keys = await keyFoldersIn(folder, { fs });
  const stored = await Promise.all(
    keys.map((fileDigest) => factsOf(join(folder.path, ...namesOf({ fileDigest }, digest)), fs)),
  );
  return keys.filter((_, position) => stored[position]?.isFile());
}

/** Every key file (by its digest) that has a folder, trusted or not. */
export async function keyFoldersIn(
  folder: StateFolder,
  { fs = nodeStateFs }: StoreOptions = {},
): Promise<readonly string[]> {
  const names = await listStateFolder(folder, ['signatures'], MAX_KEYS, fs);
  return names.filter((name) => KEY_FOLDER.test(name)).sort();
}

/**
 * One of each signature, those given now first. Where all were verified, the entry with the lowest index stays: a
 * signature that was logged again must not push out when it was logged first.
 */
function union(signatures: readonly LegacySignature[], areVerified: boolean): LegacySignature[] {
  const bySignature = new Map<string, LegacySignature>();
  for (const entry of signatures) {
    const other = bySignature.get(entry.signature);
    if (!other || (areVerified && isLoggedEarlier(entry, other))) bySignature.set(entry.signature, entry);
  }
  return [...bySignature.values()];
}

function isLoggedEarlier(left: LegacySignature, right: LegacySignature): boolean {
  if (left.bundle === undefined || right.bundle === undefined) return false;
  const [one, other] = [parseRekorBundle(left.bundle), parseRekorBundle(right.bundle)];
  return one.logId === other.logId && one.logIndex < other.logIndex;
}

/** A file that is no list of signatures is evidence of nothing: the verified ones take its place. */
async function readUsable(
  folder: StateFolder,
  key: TrustedKey,
  digest: Digest,
  fs: StateFs,
): Promise<LegacySignature[]> {
  try {
    return (await readSignatures(folder, key, digest, { fs })) ?? [];
  } catch (error) {
    if (codeOf(error) === 'SIGNATURE_MALFORMED') return [];
    throw error;
  }
}

function namesOf({ fileDigest }: Pick<TrustedKey, 'fileDigest'>, digest: Digest): string[] {
  return ['signatures', fileDigest, `${hexOf(digest)}.json`];
}
