import { CodedError } from '../errors/coded-error.ts';
import { type Descriptor, mediaTypes } from '../oci/descriptor.ts';
import type { LegacySignature } from '../verify/legacy-signature.ts';
import { MAX_SIGNATURES } from '../verify/verify-signatures.ts';
import { type CosignManifest, type CosignPlace, logEntryOf, readCosignManifest } from './cosign-manifest.ts';
import { layerReader } from './layer-reader.ts';

const MAX_PAYLOAD_BYTES = 1024 * 1024;
const SIGNATURE = 'dev.cosignproject.cosign/signature';

/**
 * Signatures as cosign keeps them in a registry (SIGNATURE_SPEC.md, "Storage"): a manifest under the tag
 * `sha256-<hex>.sig`, one layer each. No such tag: an empty list. A manifest without any signature in it throws
 * SIGNATURE_MISSING, for it is another finding than no manifest.
 */
export async function findCosignSignatures(place: CosignPlace): Promise<readonly LegacySignature[]> {
  const manifest = await readCosignManifest(place, 'signature');
  if (!manifest) return [];
  const readPayload = layerReader(place.source, { ...place, what: 'signature payload', limit: MAX_PAYLOAD_BYTES });
  const signatures: LegacySignature[] = [];
  for (const layer of signatureLayers(manifest)) {
    signatures.push({
      payload: await readPayload(layer),
      signature: signatureOf(layer) ?? '',
      bundle: logEntryOf(layer, manifest),
    });
  }
  return signatures;
}

/** Bad input 49: an empty manifest and one whose layers carry no signature are two findings, with a text each. */
function signatureLayers({ layers, where }: CosignManifest): readonly Descriptor[] {
  if (layers.length > MAX_SIGNATURES) {
    throw new CodedError(
      'LIMIT_EXCEEDED',
      `${where} has ${layers.length} signatures: at most ${MAX_SIGNATURES} are read`,
    );
  }
  if (layers.length === 0) throw unsigned(`${where} has no layers, so it holds no signature`);
  const found = layers.filter(
    (layer) => layer.mediaType === mediaTypes.simpleSigning && signatureOf(layer) !== undefined,
  );
  if (found.length === 0)
    throw unsigned(`${where}: none of its ${layers.length} layers carries a signature (annotation ${SIGNATURE})`);
  return found;
}

function signatureOf({ annotations }: Descriptor): string | undefined {
  return annotations?.[SIGNATURE];
}

function unsigned(message: string): CodedError {
  return new CodedError('SIGNATURE_MISSING', message, {
    suggestions: ['Do not run this image. If you expected a signed one, check the name, or ask the publisher.'],
  });
}
