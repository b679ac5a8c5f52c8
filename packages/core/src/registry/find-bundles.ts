import { CodedError } from '../errors/coded-error.ts';
import { type Descriptor, mediaTypes } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { bundleLayersOf, parseReferrer, type ReferrerManifest } from '../oci/referrer-manifest.ts';
import type { ImageSource } from '../source/image-source.ts';
import { limitParallel } from '../source/limit-parallel.ts';
import { readVerified } from '../source/read-verified.ts';
import type { BundleDocument } from '../verify/bundle-document.ts';
import { layerReader } from './layer-reader.ts';

export interface BundlePlace {
  readonly source: ImageSource;
  readonly repository: string;
  /** What the bundles are to be about. */
  readonly digest: Digest;
  readonly signal: AbortSignal;
}

/**
 * Of one digest: manifests that are looked at, bundles in them, and bytes of all bundles together, for they are held in
 * memory; one of them may be a large attestation.
 */
export const bundleLimits = { count: 50, bytes: 16 * 1024 * 1024 } as const;
/** Of a manifest that is looked at: a bundle's has some thousand, and fifty of 4 MiB would take long to read. */
const MAX_REFERRER_BYTES = 256 * 1024;
const PARALLEL = 4;

/**
 * Sigstore bundles among the manifests that are listed as referrers of a digest. The list is a claim: each manifest is
 * read by its digest and says itself what it is about. Its annotations, and what the list says of its type, decide nothing.
 */
export async function findBundles(
  listed: readonly Descriptor[],
  { source, repository, digest, signal: caller }: BundlePlace,
): Promise<readonly BundleDocument[]> {
  const where = `the referrers of ${digest} at ${source.location}`;
  const candidates = [...new Map(listed.map((descriptor) => [descriptor.digest, descriptor])).values()].filter(
    ({ mediaType, size }) => mediaType === mediaTypes.ociManifest && size <= MAX_REFERRER_BYTES,
  );
  if (candidates.length > bundleLimits.count) throw tooMany(where, `${candidates.length} manifests`);
  const failed = new AbortController();
  const signal = AbortSignal.any([caller, failed.signal]);
  const inTurn = limitParallel(PARALLEL);
  const readManifest = async ({ digest, size }: Descriptor): Promise<ReferrerManifest | undefined> => {
    const wanted = { kind: 'manifest', repository, digest, size, limit: MAX_REFERRER_BYTES } as const;
    return parseReferrer(await readVerified(source, wanted, { signal }));
  };
  const readBundle = layerReader(source, { repository, what: 'bundle', limit: bundleLimits.bytes, signal });
  try {
    const manifests = await Promise.all(candidates.map((candidate) => inTurn(() => readManifest(candidate))));
    const layers = manifests
      .filter((manifest) => manifest?.subject === digest)
      .flatMap((manifest) => (manifest ? bundleLayersOf(manifest) : []));
    const bytes = layers.reduce((sum, { size }) => sum + size, 0);
    if (layers.length > bundleLimits.count || bytes > bundleLimits.bytes)
      throw tooMany(where, `${layers.length} bundles of ${bytes} bytes`);
    return await Promise.all(
      layers.map((layer) => inTurn(async () => ({ mediaType: layer.mediaType, bytes: await readBundle(layer) }))),
    );
  } finally {
    failed.abort(); // as soon as one cannot be read, nobody waits for the others
  }
}

function tooMany(where: string, what: string): CodedError {
  return new CodedError(
    'LIMIT_EXCEEDED',
    `${where} are ${what}: at most ${bundleLimits.count} of ${bundleLimits.bytes} bytes are read`,
  );
}
