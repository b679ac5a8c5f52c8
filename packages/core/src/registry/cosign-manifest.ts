import { CodedError, codeOf } from '../errors/coded-error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import { type ImageManifest, parseManifest } from '../oci/manifest.ts';
import { parseJson } from '../oci/parse-json.ts';
import type { ImageSource } from '../source/image-source.ts';

/** Where cosign's legacy signatures and attestations of a digest are looked for. */
export interface CosignPlace {
  readonly source: ImageSource;
  /** The manifest under a tag; throws IMAGE_NOT_FOUND where there is no such tag. */
  readonly readTag: (tag: string) => Promise<Uint8Array>;
  readonly repository: string;
  readonly digest: Digest;
  readonly signal: AbortSignal;
}

export interface CosignManifest extends ImageManifest {
  /** Which manifest it is, for messages. */
  readonly where: string;
}

const BUNDLE = 'dev.sigstore.cosign/bundle';

/** The manifest that cosign keeps beside an image (SIGNATURE_SPEC.md, "Storage"): undefined where there is none. */
export async function readCosignManifest(
  { source, readTag, repository, digest }: CosignPlace,
  kind: 'signature' | 'attestation',
): Promise<CosignManifest | undefined> {
  const tag = `sha256-${hexOf(digest)}.${kind === 'signature' ? 'sig' : 'att'}`;
  const bytes = await readTag(tag).catch((error: unknown) => {
    if (codeOf(error) === 'IMAGE_NOT_FOUND') return undefined;
    throw error;
  });
  if (bytes === undefined) return undefined;
  const where = `${kind} manifest ${repository}:${tag} at ${source.location}`;
  const manifest = parseManifest(bytes, where);
  if (manifest.kind === 'manifest') return { ...manifest, where };
  throw new CodedError('MANIFEST_INVALID', `${where} is an index: expected an image manifest`);
}

/** A layer's log entry; `null` for one that does not parse: it must not hide the good ones beside it, and is refused alone. */
export function logEntryOf(layer: Descriptor, { where }: CosignManifest): unknown {
  const text = layer.annotations?.[BUNDLE];
  if (text === undefined) return undefined;
  try {
    return parseJson(Buffer.from(text), {
      where: `log entry of ${layer.digest} in ${where}`,
      code: 'SIGNATURE_MALFORMED',
    });
  } catch (error) {
    if (codeOf(error) === 'SIGNATURE_MALFORMED') return null;
    throw error;
  }
}
