import { CodedError, codeOf } from '../errors/coded-error.ts';
import { readBundles, writeBundles } from '../ledger/bundle-store.ts';
import { listDocuments, readDocument, writeDocument } from '../ledger/document-store.ts';
import type { Release } from '../ledger/release.ts';
import { keyFoldersWith, readSignatures, writeSignatures } from '../ledger/signature-store.ts';
import type { StateFolder } from '../ledger/state-folder.ts';
import type { Digest } from '../oci/digest.ts';
import { parseManifest, selectPlatform } from '../oci/manifest.ts';
import type { Platform } from '../oci/platform.ts';
import type { Profile } from '../profile/profile.ts';
import { type ImageChain, linkChain, type VerifiedImage } from '../verify/verified-image.ts';
import { type SignedDigest, verifySignatures } from '../verify/verify-signatures.ts';

/** What the next `verify-local` needs, without a network: raw documents of the chain, and the signatures that counted. */
export async function storeEvidence(state: StateFolder, profile: Profile, image: VerifiedImage): Promise<void> {
  for (const { bytes } of image.roots) await writeDocument(state, bytes);
  await writeDocument(state, image.config.bytes);
  await storeSigned(state, profile, image.signed);
}

/** One file for each key that signed, as Dangerzone verifies every signature of a file with the file's key; bundles by themselves. */
export async function storeSigned(
  state: StateFolder,
  profile: Profile,
  { digest, accepted, acceptedBundles }: SignedDigest,
): Promise<void> {
  if (acceptedBundles.length > 0) await writeBundles(state, digest, acceptedBundles);
  for (const key of profile.trust.keys) {
    if (accepted.length > 0) await writeSignatures(state, key, digest, accepted, { trust: profile.trust });
  }
}

/** Verifies what is stored for a digest: bytes on disk are no more trusted than bytes from a registry. */
export async function verifyStored(
  state: StateFolder,
  profile: Profile,
  digest: Digest,
  document?: Uint8Array,
): Promise<SignedDigest> {
  const { keys, logs } = profile.trust;
  const [bundles, ...signatures] = await Promise.all([
    readBundles(state, digest),
    ...keys.map((key) => readSignatures(state, key, digest)),
  ]);
  const found = [...signatures.flatMap((legacy) => legacy ?? []), ...bundles];
  if (found.length === 0) throw await nothingStored(state, profile, digest);
  const trust = { ...profile.trust, logs: [...logs, ...profile.replacedLogs] };
  // Each store has a limit of its own. One for both together would let good signatures shut each other out, for ever.
  return verifySignatures(found, digest, trust, document, found.length);
}

async function nothingStored(state: StateFolder, { trust }: Profile, digest: Digest): Promise<CodedError> {
  const others = await keyFoldersWith(state, digest);
  const why =
    others.length > 0
      ? `its stored signatures are by a key that is no longer trusted (key file ${others[0]})`
      : 'no signature is stored for it';
  return new CodedError('IMAGE_NOT_VERIFIED', `${digest} of ${trust.image} is not verified: ${why}`, {
    suggestions: ['Do not run it. Install a verified one in its place: dangerzone-image upgrade'],
    details: { digest },
  });
}

/** Chains whose documents are all here, re-hashed and linked anew: those of known releases first, then whatever is stored. */
export async function* storedChains(
  state: StateFolder,
  platform: Platform,
  hints: readonly Release[],
): AsyncGenerator<ImageChain> {
  const roots = new Set(hints.map(({ index, manifest }) => index ?? manifest));
  for (const root of roots) yield* chainFrom(state, root, platform);
  for (const root of await listDocuments(state)) if (!roots.has(root)) yield* chainFrom(state, root, platform);
}

async function* chainFrom(state: StateFolder, digest: Digest, platform: Platform): AsyncGenerator<ImageChain> {
  const chain = await readChain(state, digest, platform).catch(ignoreForeignDocument);
  if (chain) yield chain;
}

async function readChain(state: StateFolder, digest: Digest, platform: Platform): Promise<ImageChain | undefined> {
  const where = `stored ${digest}`;
  const root = await readDocument(state, digest);
  if (!root) return undefined;
  const top = parseManifest(root, where);
  const below =
    top.kind === 'index' ? await readDocument(state, selectPlatform(top, platform, where).digest) : undefined;
  const manifest = top.kind === 'index' ? below && parseManifest(below, where) : top;
  const config = manifest?.kind === 'manifest' ? await readDocument(state, manifest.config.digest) : undefined;
  return config && linkChain({ root, ...(below && { manifest: below }), config }, platform, where);
}

/** Configs lie among the documents, and other platforms' images: neither is a root of ours. A damaged one is not used. */
function ignoreForeignDocument(error: unknown): undefined {
  const code = codeOf(error);
  if (
    code === 'MANIFEST_INVALID' ||
    code === 'PLATFORM_NOT_FOUND' ||
    code === 'PLATFORM_MISMATCH' ||
    code === 'DIGEST_MISMATCH'
  )
    return undefined;
  throw error;
}
