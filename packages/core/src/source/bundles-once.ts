import type { Digest } from '../oci/digest.ts';
import type { BundleDocument } from '../verify/bundle-document.ts';
import type { ImageSource } from './image-source.ts';

/**
 * The same source for one run that asks for the bundles of a digest twice: for signatures, and then for provenance, which
 * only their payloads tell apart. A look-up that failed is made again.
 */
export function bundlesOnce(source: ImageSource): ImageSource {
  const answers = new Map<Digest, Promise<readonly BundleDocument[]>>();
  return {
    location: source.location,
    ...(source.origins && { origins: source.origins }),
    resolve: (...asked) => source.resolve(...asked),
    fetch: (...asked) => source.fetch(...asked),
    findSignatures: (...asked) => source.findSignatures(...asked),
    findAttestations: (...asked) => source.findAttestations(...asked),
    findBundles(image, digest, options) {
      const answer = answers.get(digest) ?? source.findBundles(image, digest, options);
      answers.set(digest, answer);
      answer.catch(() => answers.delete(digest));
      return answer;
    },
  };
}
