import { codeOf } from '../errors/coded-error.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImageIndex, MAX_MANIFEST_BYTES, parseManifest, selectPlatform } from '../oci/manifest.ts';
import { formatPlatform, type Platform } from '../oci/platform.ts';
import { formatReference, type ImageReference } from '../oci/reference.ts';
import type { ImageSource, SourceOptions } from '../source/image-source.ts';
import { readVerified } from '../source/read-verified.ts';
import type { ImageFacts } from './results.ts';

/** What provenance is asked of. */
export interface AttestedSubject {
  readonly facts: Omit<ImageFacts, 'digest'>;
  /** What an attestation may be about to count. */
  readonly digests: readonly [Digest, ...Digest[]];
  /** What it belongs to or what belongs to it: looked at to say so, where nothing counts. */
  readonly related: readonly Digest[];
}

/**
 * A tag names an index and the image in it that this machine would run: provenance of either is provenance of what is run,
 * and the result says of which. A digest names itself alone: provenance of what lies beside it is not its own.
 */
export async function findSubject(
  source: ImageSource,
  reference: ImageReference,
  platform: Platform,
  options?: SourceOptions,
): Promise<AttestedSubject> {
  const { repository, name, tag } = reference;
  const digest = reference.digest ?? (await source.resolve(reference, options));
  const where = formatReference({ name, digest });
  const wanted = { kind: 'manifest', repository, digest, limit: MAX_MANIFEST_BYTES } as const;
  const root = parseManifest(await readVerified(source, wanted, options), where);
  const facts = { name, ...(tag !== undefined && { tag }) };
  if (root.kind === 'manifest') return { facts: { ...facts, manifest: digest }, digests: [digest], related: [] };
  const manifest = manifestFor(root, platform, where);
  if (manifest === undefined) return { facts: { ...facts, index: digest }, digests: [digest], related: [] };
  const chain = { ...facts, index: digest, manifest, platform: formatPlatform(platform) };
  return reference.digest === undefined
    ? { facts: chain, digests: [digest, manifest], related: [] }
    : { facts: chain, digests: [digest], related: [manifest] };
}

/** Of an image that is not made for this machine, the index alone is looked at. */
function manifestFor(index: ImageIndex, platform: Platform, where: string): Digest | undefined {
  try {
    return selectPlatform(index, platform, where).digest;
  } catch (error) {
    if (codeOf(error) === 'PLATFORM_NOT_FOUND') return undefined;
    throw error;
  }
}

/** What is installed is what was verified: its whole chain. */
export function installedSubject({ digest, ...facts }: ImageFacts): AttestedSubject {
  const { index, manifest } = facts;
  const others = [index, manifest].filter((each): each is Digest => each !== undefined && each !== digest);
  return { facts, digests: [digest, ...others], related: [] };
}
