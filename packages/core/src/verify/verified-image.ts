import { CodedError } from '../errors/coded-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type ImageConfig, parseImageConfig, requirePlatform } from '../oci/image-config.ts';
import { type ImageIndex, type ImageManifest, parseManifest, selectPlatform } from '../oci/manifest.ts';
import type { Platform } from '../oci/platform.ts';
import { isEvidence, logTimesOf, type SignedDigest } from './verify-signatures.ts';

/** The documents of one image for one platform, each read by digest: linked, and not yet said to be signed. */
export interface ImageChain {
  readonly index?: ImageIndex;
  readonly manifest: ImageManifest;
  readonly config: ImageConfig;
}

/** The raw bytes of a chain, root first. `root` is an index or a manifest. */
export interface ChainDocuments {
  readonly root: Uint8Array;
  /** Absent where the root is the manifest. */
  readonly manifest?: Uint8Array;
  readonly config: Uint8Array;
}

/** Links the documents by their digests: root → platform manifest → config, for exactly this platform. */
export function linkChain(documents: ChainDocuments, platform: Platform, where: string): ImageChain {
  const root = parseManifest(documents.root, where);
  const manifest = root.kind === 'manifest' ? root : linkManifest(root, documents.manifest, platform, where);
  const config = parseImageConfig(documents.config, manifest, where);
  requireSame(manifest.config, config, `config of ${where}`);
  requirePlatform(config, platform, where);
  return { ...(root.kind === 'index' && { index: root }), manifest, config };
}

/** The index's one manifest for a platform, whose bytes came by that digest. */
export function linkManifest(
  index: ImageIndex,
  bytes: Uint8Array | undefined,
  platform: Platform,
  where: string,
): ImageManifest {
  const entry = selectPlatform(index, platform, where);
  const manifest = bytes && parseManifest(bytes, `${entry.digest} of ${where}`, entry.mediaType);
  if (manifest?.kind !== 'manifest')
    throw new CodedError('MANIFEST_INVALID', `${where}: entry ${entry.digest} is not an image manifest`);
  requireSame(entry, manifest, `manifest of ${where}`);
  return manifest;
}

function requireSame(promised: Descriptor, got: { digest: Digest; bytes: Uint8Array }, where: string): void {
  if (promised.digest === got.digest && promised.size === got.bytes.length) return;
  throw new CodedError(
    'DIGEST_MISMATCH',
    `${where}: expected ${promised.digest} (${promised.size} bytes), got ${got.digest} (${got.bytes.length} bytes)`,
  );
}

/**
 * Evidence of what should be there: signed digest → index → platform manifest → config → DiffIDs, and who signed.
 * Only `verifyImage` makes one, and only one can be pulled or loaded. It says nothing about what an engine has.
 */
export interface VerifiedImage extends ImageChain {
  /** Image name without tag. */
  readonly name: string;
  /** The digest that the signatures are over: index or manifest. */
  readonly digest: Digest;
  readonly platform: Platform;
  readonly signed: SignedDigest;
  /** Lowest verified index of the signed digest in each log, by log ID. */
  readonly ranks: Readonly<Record<string, number>>;
  /** Earliest verified log time. */
  readonly loggedAt?: Date;
  /** Manifest and, where there is one, index: what a name in an engine points to is the last. */
  readonly roots: readonly { readonly descriptor: Descriptor; readonly bytes: Uint8Array }[];
  /** Bytes of config and layers together. */
  readonly size: number;
  readonly [evidence]: true;
}

declare const evidence: unique symbol;
const made = new WeakSet<object>();

/** Joins a chain with the signatures over its index or manifest. */
export function verifyImage(name: string, chain: ImageChain, signed: SignedDigest): VerifiedImage {
  const { index, manifest, config } = chain;
  if (!isEvidence(signed)) throw new TypeError('expected evidence made by verifySignatures');
  if (signed.image !== name)
    throw new CodedError('IMAGE_NOT_VERIFIED', `${name}: the signatures are for ${signed.image}`);
  if (signed.digest !== index?.digest && signed.digest !== manifest.digest) {
    throw new CodedError('IMAGE_NOT_VERIFIED', `${name}: the signed digest ${signed.digest} is not part of this image`);
  }
  const ranks: Record<string, number> = {};
  for (const verdict of signed.verdicts) {
    if (verdict.verdict !== 'accepted' || verdict.log?.index === undefined) continue;
    const { id, index: at } = verdict.log;
    ranks[id] = Math.min(at, ranks[id] ?? Number.POSITIVE_INFINITY);
  }
  const loggedAt = logTimesOf(signed)[0];
  const roots = [manifest, ...(index ? [index] : [])].map(({ mediaType, digest, bytes }) => ({
    descriptor: { mediaType, digest, size: bytes.length },
    bytes,
  }));
  const size = [manifest.config, ...manifest.layers].reduce((sum, descriptor) => sum + descriptor.size, 0);
  const image = {
    ...chain,
    name,
    digest: signed.digest,
    platform: config.platform,
    signed,
    ranks,
    roots,
    size,
    ...(loggedAt && { loggedAt }),
  };
  made.add(image);
  return Object.freeze(image) as unknown as VerifiedImage;
}

/** For callers without a type checker: what did not come from `verifyImage` goes nowhere. */
export function requireEvidence(image: VerifiedImage): void {
  if (!made.has(image)) throw new TypeError('expected evidence made by verifyImage');
}
