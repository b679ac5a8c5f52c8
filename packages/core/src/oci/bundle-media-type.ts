const BUNDLE = /^application\/vnd\.dev\.sigstore\.bundle(?:\.v\d{1,3}\.\d{1,3}\+json|\+json;version=\d{1,3}\.\d{1,3})$/;

/**
 * The media types of Sigstore bundles (sigstore_bundle.proto, "media_type"): the newer spelling, from 0.3 on, and the older
 * one, 0.1 to 0.3. Any version: one that is not understood is not "unsigned", and verification says so.
 */
export function isBundleMediaType(mediaType: string): boolean {
  return BUNDLE.test(mediaType);
}
