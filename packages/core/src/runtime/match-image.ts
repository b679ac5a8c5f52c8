import { type Digest, isDigest } from '../oci/digest.ts';
import type { ImageChain } from '../verify/verified-image.ts';
import type { LocalImage } from './container-runtime.ts';

/**
 * Whether an engine's claims fit a chain (design §2; engines differ in what they call an image's ID). An ID that is a
 * digest must be one of the chain's: the index digest alone is no proof, for an engine lists it for any platform.
 */
export function claimsChain(image: LocalImage, { index, manifest, config }: ImageChain): boolean {
  const own = [index?.digest, manifest.digest, config.digest];
  const id = asDigest(image.id);
  if (id) return own.includes(id);
  return image.digests.some((digest) => own.includes(digest));
}

/** Docker writes IDs with their algorithm, Podman without. */
function asDigest(id: string): Digest | undefined {
  const text = /^[0-9a-f]{64}$/.test(id) ? `sha256:${id}` : id;
  return isDigest(text) ? text : undefined;
}
