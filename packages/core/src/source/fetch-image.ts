import { codeOf } from '../errors/coded-error.ts';
import type { Digest } from '../oci/digest.ts';
import { MAX_CONFIG_BYTES } from '../oci/image-config.ts';
import { type ImageManifest, MAX_MANIFEST_BYTES, parseManifest, selectPlatform } from '../oci/manifest.ts';
import type { Platform } from '../oci/platform.ts';
import { formatReference, type ImageReference } from '../oci/reference.ts';
import type { Trust } from '../trust/trust.ts';
import { type ImageChain, linkChain, linkManifest } from '../verify/verified-image.ts';
import type { SignedDigest } from '../verify/verify-signatures.ts';
import type { ImageSource, SourceOptions } from './image-source.ts';
import { type LookedUp, lookUpSignatures, type SignatureSource, verifyLookedUp } from './look-up-signatures.ts';
import { readVerified } from './read-verified.ts';

/** Index, manifest and config of one platform, each fetched by digest and hashed. Two or three requests, no layer. */
export async function fetchChain(
  source: ImageSource,
  reference: ImageReference,
  digest: Digest,
  platform: Platform,
  options?: SourceOptions,
): Promise<ImageChain> {
  const { repository } = reference;
  const where = formatReference({ name: reference.name, digest });
  const read = (kind: 'manifest' | 'blob', content: { digest: Digest; size?: number }, limit: number) =>
    readVerified(source, { kind, repository, limit, ...content }, options);

  const root = await read('manifest', { digest }, MAX_MANIFEST_BYTES);
  const top = parseManifest(root, where);
  const below =
    top.kind === 'index' ? await read('manifest', selectPlatform(top, platform, where), MAX_MANIFEST_BYTES) : undefined;
  const manifest = top.kind === 'index' ? linkManifest(top, below, platform, where) : top;
  const config = await read('blob', manifest.config, MAX_CONFIG_BYTES);
  return linkChain({ root, ...(below && { manifest: below }), config }, platform, where);
}

/**
 * A chain and the signatures over it. They are asked for at the same time as the documents: their tag is known from the
 * digest, and so nobody waits for them.
 */
export async function fetchSignedChain(
  source: ImageSource,
  reference: ImageReference,
  digest: Digest,
  { platform, trust }: { readonly platform: Platform; readonly trust: Trust },
  { signal }: SourceOptions = {},
): Promise<{ readonly chain: ImageChain; readonly signed: SignedDigest }> {
  const ended = new AbortController();
  const options = { signal: signal ? AbortSignal.any([signal, ended.signal]) : ended.signal };
  const early = lookUpSignatures(source, reference, digest, trust, options);
  early.catch(() => undefined); // its failure counts when it is looked at
  const lookUp: LookUp = (other) =>
    other === digest ? early : lookUpSignatures(source, reference, other, trust, options);
  try {
    const chain = await fetchChain(source, reference, digest, platform, options);
    return { chain, signed: await findSignedBy(lookUp, chain, trust) };
  } finally {
    ended.abort();
  }
}

/** The signed digest of a chain: its root, or the platform's manifest where nobody we know signed the index above it. */
export async function findSigned(
  source: SignatureSource,
  reference: ImageReference,
  chain: ImageChain,
  trust: Trust,
  options?: SourceOptions,
): Promise<SignedDigest> {
  return findSignedBy((digest) => lookUpSignatures(source, reference, digest, trust, options), chain, trust);
}

type LookUp = (digest: Digest) => Promise<LookedUp>;

async function findSignedBy(lookUp: LookUp, { index, manifest }: ImageChain, trust: Trust): Promise<SignedDigest> {
  const signedAt = async ({ digest, bytes }: Pick<ImageManifest, 'digest' | 'bytes'>) =>
    verifyLookedUp(await lookUp(digest), digest, trust, bytes);
  if (!index) return signedAt(manifest);
  try {
    return await signedAt(index);
  } catch (refusal) {
    const code = codeOf(refusal);
    if (code !== 'SIGNATURE_MISSING' && code !== 'SIGNATURE_FOREIGN') throw refusal;
    return signedAt(manifest).catch((error) => Promise.reject(codeOf(error) === 'SIGNATURE_MISSING' ? refusal : error));
  }
}
