import { type Digest, digestOf, type LegacySignature, mediaTypes, type SignedDigest } from '@dangerzone-image/core';

/** Bytes that an archive holds as a blob. */
export interface Document {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly bytes: Uint8Array;
}

/** A signature manifest and what it points to. */
export interface SignatureDocuments {
  readonly manifest: Document;
  readonly blobs: readonly Document[];
}

const SIGNATURE = 'dev.cosignproject.cosign/signature';
const BUNDLE = 'dev.sigstore.cosign/bundle';
const NEVER = '0001-01-01T00:00:00Z';

/**
 * The signatures that count, as cosign keeps them under a `.sig` tag (SIGNATURE_SPEC.md, "Storage"), made anew: the
 * registry's own manifest may hold foreign ones, over which Dangerzone's tool would stumble, and is nothing that anybody
 * signed. Where all of them count, these are cosign's bytes again.
 */
export function cosignSignatures({ accepted }: SignedDigest): SignatureDocuments {
  const payloads = accepted.map(({ payload }) => toDocument(mediaTypes.simpleSigning, payload));
  const config = toDocument(mediaTypes.ociConfig, json(configOf(payloads)));
  const layers = accepted.map((signature, at) => ({
    ...descriptorOf(payloads[at] as Document),
    annotations: annotationsOf(signature),
  }));
  const manifest = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config: descriptorOf(config), layers };
  return { manifest: toDocument(mediaTypes.ociManifest, json(manifest)), blobs: [config, ...payloads] };
}

function configOf(payloads: readonly Document[]): object {
  return {
    architecture: '',
    created: NEVER,
    history: payloads.map(() => ({ created: NEVER })),
    os: '',
    rootfs: { type: 'layers', diff_ids: payloads.map(({ digest }) => digest) },
    config: {},
  };
}

function annotationsOf({ signature, bundle }: LegacySignature): Record<string, string> {
  return { [SIGNATURE]: signature, ...(bundle !== undefined && { [BUNDLE]: JSON.stringify(inOrder(bundle)) }) };
}

/** Of a bundle that counts: verified to have these members and no other. Cosign writes them in this order. */
function inOrder(bundle: unknown): object {
  const { SignedEntryTimestamp, Payload } = bundle as {
    SignedEntryTimestamp: string;
    Payload: Record<string, unknown>;
  };
  const { body, integratedTime, logIndex, logID } = Payload;
  return { SignedEntryTimestamp, Payload: { body, integratedTime, logIndex, logID } };
}

function descriptorOf({ mediaType, bytes, digest }: Document): object {
  return { mediaType, size: bytes.length, digest };
}

function toDocument(mediaType: string, bytes: Uint8Array): Document {
  return { mediaType, digest: digestOf(bytes), bytes };
}

function json(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
