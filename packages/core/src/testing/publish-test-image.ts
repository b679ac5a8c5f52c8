import type { Digest } from '../oci/digest.ts';
import { publishSignatures } from './signature-manifest.ts';
import type { TestImage } from './test-image.ts';
import type { TestRegistry } from './test-registry.ts';
import type { TestSignature, TestSigner } from './test-signer.ts';

export interface PublishOptions {
  readonly tag?: string;
  /** Each signs every digest that is to be signed; none: the image stays unsigned. */
  readonly signers?: readonly TestSigner[];
  /** Signs the platform manifests too, after the index, as `cosign sign --recursive` does. */
  readonly signPlatforms?: boolean;
  /** Name in the payloads, where it is neither the signers' own nor `<registry>/<repository>`: for mirrors. */
  readonly name?: string;
  /** When the log took the signatures. */
  readonly time?: Date;
}

export interface PublishedImage {
  readonly digest: Digest;
  /** What was signed, in the order of signing. */
  readonly signatures: ReadonlyMap<Digest, readonly TestSignature[]>;
}

/** Pushes an image with its signatures, and moves the tag last, as a publisher does. */
export function publishTestImage(
  registry: TestRegistry,
  repository: string,
  image: TestImage,
  options: PublishOptions = {},
): PublishedImage {
  const { tag = 'latest', signers = [], signPlatforms = false, time } = options;
  for (const blob of image.blobs) registry.putBlob(repository, blob.bytes);
  for (const { bytes, mediaType } of image.manifests) registry.putManifest(repository, bytes, mediaType);

  const digests = [image.digest, ...(signPlatforms ? image.manifests.map(({ digest }) => digest) : [])];
  const signed = signers.length === 0 ? [] : digests;
  const nameFor = (signer: TestSigner) => options.name ?? signer.image ?? `${registry.host}/${repository}`;
  const signatures = new Map(
    signed.map(
      (digest) => [digest, signers.map((signer) => signer.sign({ image: nameFor(signer), digest, time }))] as const,
    ),
  );
  for (const [digest, ofDigest] of signatures) publishSignatures(registry, repository, digest, ofDigest);
  registry.putManifest(repository, image.index.bytes, image.index.mediaType, tag);
  return { digest: image.digest, signatures };
}
