import type { BundleDocument } from './bundle-document.ts';
import type { LegacySignature } from './legacy-signature.ts';

/** A signature as found and not yet believed, in one of the two forms that there are. */
export type FoundSignature = LegacySignature | BundleDocument;

export function isBundle(found: FoundSignature): found is BundleDocument {
  return 'mediaType' in found;
}
