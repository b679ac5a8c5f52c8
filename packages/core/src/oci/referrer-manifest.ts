import * as v from 'valibot';
import { codeOf } from '../errors/coded-error.ts';
import { isBundleMediaType } from './bundle-media-type.ts';
import { digestSchema, mediaTypes, sizeSchema } from './descriptor.ts';
import { type Digest, digestOf } from './digest.ts';
import { parseJson } from './parse-json.ts';

/** A manifest that is about another one (OCI image-spec 1.1, manifest.md, "subject"). Anybody can write one about anything. */
export interface ReferrerManifest {
  readonly digest: Digest;
  /** The manifest that it is about. */
  readonly subject: Digest;
  /** What it says that it is. */
  readonly artifactType?: string;
  readonly config: ReferrerContent;
  readonly layers: readonly ReferrerContent[];
}

export interface ReferrerContent {
  /** As it stands there: those of Sigstore's first bundles have a parameter, which no image's layer may have. */
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

// Less strict than an image's manifest: inline data and foreign URLs are not read here, and whatever kind of thing it is,
// only its media type is looked at.
const contentSchema = v.object({
  mediaType: v.pipe(v.string(), v.maxLength(255)),
  digest: digestSchema,
  size: sizeSchema,
});
const referrerSchema = v.object({
  schemaVersion: v.literal(2),
  artifactType: v.optional(v.pipe(v.string(), v.maxLength(255))),
  mediaType: v.optional(v.literal(mediaTypes.ociManifest)),
  subject: v.object({ digest: digestSchema }),
  config: contentSchema,
  layers: v.array(contentSchema),
});

/** Undefined for whatever is no such manifest: what else lies there is left alone, and must not hide what is one. */
export function parseReferrer(bytes: Uint8Array): ReferrerManifest | undefined {
  const { success, output } = v.safeParse(referrerSchema, readJson(bytes));
  if (!success) return undefined;
  const { subject, artifactType, config, layers } = output;
  return { digest: digestOf(bytes), subject: subject.digest, ...(artifactType && { artifactType }), config, layers };
}

/** A layer that is a Sigstore bundle. */
export interface BundleLayer extends Omit<ReferrerContent, 'mediaType'> {
  /** Undefined where the manifest says that it is a bundle of another version. */
  readonly mediaType: string | undefined;
}

/** Registries and tools that know no `artifactType` put other types there; only another bundle type contradicts the layer. */
export function bundleLayersOf({ artifactType, layers }: ReferrerManifest): readonly BundleLayer[] {
  const claimed = artifactType !== undefined && isBundleMediaType(artifactType) ? artifactType : undefined;
  return layers
    .filter(({ mediaType }) => isBundleMediaType(mediaType))
    .map((layer) => ({
      ...layer,
      mediaType: claimed === undefined || claimed === layer.mediaType ? layer.mediaType : undefined,
    }));
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return parseJson(bytes, { where: 'a referrer', code: 'MANIFEST_INVALID' });
  } catch (error) {
    if (codeOf(error) === 'MANIFEST_INVALID') return undefined;
    throw error;
  }
}
