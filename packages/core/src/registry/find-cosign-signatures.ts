import { CodedError, codeOf } from '../errors/coded-error.ts';
import { type Descriptor, mediaTypes } from '../oci/descriptor.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import { type ImageManifest, parseManifest } from '../oci/manifest.ts';
import { parseJson } from '../oci/parse-json.ts';
import type { ImageSource } from '../source/image-source.ts';
import { readVerified } from '../source/read-verified.ts';
import type { LegacySignature } from '../verify/legacy-signature.ts';
import { MAX_SIGNATURES } from '../verify/verify-signatures.ts';

const MAX_PAYLOAD_BYTES = 1024 * 1024;
const SIGNATURE = 'dev.cosignproject.cosign/signature';
const BUNDLE = 'dev.sigstore.cosign/bundle';

/**
 * Signatures as cosign keeps them in a registry (SIGNATURE_SPEC.md, "Storage"): a manifest under the tag
 * `sha256-<hex>.sig`, one layer each. No such tag: an empty list. A manifest without any signature in it throws
 * SIGNATURE_MISSING, for it is another finding than no manifest.
 */
export async function findCosignSignatures(
  source: ImageSource,
  readTag: (tag: string) => Promise<Uint8Array>,
  repository: string,
  digest: Digest,
  signal: AbortSignal,
): Promise<readonly LegacySignature[]> {
  const tag = `sha256-${hexOf(digest)}.sig`;
  const bytes = await readTag(tag).catch((error: unknown) => {
    if (codeOf(error) === 'IMAGE_NOT_FOUND') return undefined;
    throw error;
  });
  if (bytes === undefined) return [];
  const where = `signature manifest ${repository}:${tag} at ${source.location}`;
  const layers = signatureLayers(requireManifest(bytes, where), where);
  const readPayload = payloadReader(source, repository, signal);
  const signatures: LegacySignature[] = [];
  for (const layer of layers) {
    signatures.push({
      payload: await readPayload(layer),
      signature: annotationOf(layer, SIGNATURE) ?? '',
      bundle: readBundle(layer, where),
    });
  }
  return signatures;
}

function requireManifest(bytes: Uint8Array, where: string): ImageManifest {
  const manifest = parseManifest(bytes, where);
  if (manifest.kind === 'manifest') return manifest;
  throw new CodedError('MANIFEST_INVALID', `${where} is an index: expected an image manifest`);
}

/** Bad input 49: an empty manifest and one whose layers carry no signature are two findings, with a text each. */
function signatureLayers({ layers }: ImageManifest, where: string): readonly Descriptor[] {
  if (layers.length > MAX_SIGNATURES) {
    throw new CodedError(
      'LIMIT_EXCEEDED',
      `${where} has ${layers.length} signatures: at most ${MAX_SIGNATURES} are read`,
    );
  }
  if (layers.length === 0) throw unsigned(`${where} has no layers, so it holds no signature`);
  const found = layers.filter(
    (layer) => layer.mediaType === mediaTypes.simpleSigning && annotationOf(layer, SIGNATURE) !== undefined,
  );
  if (found.length === 0)
    throw unsigned(`${where}: none of its ${layers.length} layers carries a signature (annotation ${SIGNATURE})`);
  return found;
}

/** Each payload once: several signatures are often over the same bytes. */
function payloadReader(
  source: ImageSource,
  repository: string,
  signal: AbortSignal,
): (layer: Descriptor) => Promise<Uint8Array> {
  const known = new Map<Digest, Uint8Array>();
  return async ({ digest, size }) => {
    const where = `signature payload ${digest} from ${source.location}`;
    if (size > MAX_PAYLOAD_BYTES) {
      throw new CodedError(
        'LIMIT_EXCEEDED',
        `${where} is announced with ${size} bytes: at most ${MAX_PAYLOAD_BYTES} are read`,
      );
    }
    // The size stands in unsigned bytes: it is compared, but the limit alone says when to stop.
    const wanted = { kind: 'blob', repository, digest, limit: MAX_PAYLOAD_BYTES } as const;
    const payload = known.get(digest) ?? (await readVerified(source, wanted, { signal }));
    known.set(digest, payload);
    if (payload.length === size) return payload;
    throw new CodedError('DIGEST_MISMATCH', `${where}: expected ${size} bytes, got ${payload.length}`);
  };
}

/** A bundle that does not parse must not hide the good ones beside it: `null` is what verification refuses, alone. */
function readBundle(layer: Descriptor, where: string): unknown {
  const text = annotationOf(layer, BUNDLE);
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

function annotationOf({ annotations }: Descriptor, key: typeof SIGNATURE | typeof BUNDLE): string | undefined {
  return annotations?.[key];
}

function unsigned(message: string): CodedError {
  return new CodedError('SIGNATURE_MISSING', message, {
    suggestions: ['Do not run this image. If you expected a signed one, check the name, or ask the publisher.'],
  });
}
