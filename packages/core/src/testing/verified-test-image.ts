import type { Platform } from '../oci/platform.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import { pinnedLog } from '../trust/transparency-log.ts';
import { linkChain, type VerifiedImage, verifyImage } from '../verify/verified-image.ts';
import { verifySignatures } from '../verify/verify-signatures.ts';
import type { TestImage } from './test-image.ts';
import { createTestSigner } from './test-signer.ts';

/** Evidence for a test image, signed and verified for real. */
export function verifiedTestImage(
  image: TestImage,
  name: string,
  platform: Platform,
  signer = createTestSigner(),
): VerifiedImage {
  const { bytes: manifest, config } = image.manifestFor(platform);
  const chain = linkChain({ root: image.index.bytes, manifest, config: config.bytes }, platform, name);
  const key = parsePublicKey(Buffer.from(signer.publicKeyPem), 'test key');
  const log = pinnedLog(parsePublicKey(Buffer.from(signer.logPublicKeyPem), 'test log key'));
  const trust = { image: name, keys: [key], threshold: 1, logs: [log] };
  return verifyImage(
    name,
    chain,
    verifySignatures([signer.sign({ image: name, digest: image.digest })], image.digest, trust),
  );
}
