import { CodedError } from '../errors/coded-error.ts';
import { mediaTypes } from '../oci/descriptor.ts';
import type { LegacyAttestation } from '../verify/legacy-attestation.ts';
import { type CosignPlace, logEntryOf, readCosignManifest } from './cosign-manifest.ts';
import { layerReader } from './layer-reader.ts';

const CERTIFICATE = 'dev.sigstore.cosign/certificate';
const MAX_ATTESTATIONS = 50;
/** Of all attestations of a digest together: they are held in memory. */
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Attestations as cosign keeps them in a registry (ATTESTATION_SPEC.md): a manifest under the tag `sha256-<hex>.att`, one
 * layer each. No such tag, or no attestation in it: an empty list.
 */
export async function findCosignAttestations(place: CosignPlace): Promise<readonly LegacyAttestation[]> {
  const manifest = await readCosignManifest(place, 'attestation');
  if (!manifest) return [];
  const layers = manifest.layers.filter(({ mediaType }) => mediaType === mediaTypes.dsseEnvelope);
  const bytes = layers.reduce((sum, { size }) => sum + size, 0);
  if (layers.length > MAX_ATTESTATIONS || bytes > MAX_BYTES) {
    const what = `${layers.length} attestations of ${bytes} bytes`;
    const most = `at most ${MAX_ATTESTATIONS} of ${MAX_BYTES} are read`;
    throw new CodedError('LIMIT_EXCEEDED', `${manifest.where} has ${what}: ${most}`);
  }
  const readEnvelope = layerReader(place.source, { ...place, what: 'attestation', limit: MAX_BYTES });
  const attestations: LegacyAttestation[] = [];
  for (const layer of layers) {
    attestations.push({
      envelope: await readEnvelope(layer),
      certificate: layer.annotations?.[CERTIFICATE],
      bundle: logEntryOf(layer, manifest),
    });
  }
  return attestations;
}
