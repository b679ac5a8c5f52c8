import { existsSync, readFileSync } from 'node:fs';
import { mediaTypes } from '../oci/descriptor.ts';
import { type Digest, digestOf, hexOf } from '../oci/digest.ts';
import { type ImageManifest, parseManifest } from '../oci/manifest.ts';
import { parseJson } from '../oci/parse-json.ts';
import { parseReference } from '../oci/reference.ts';
import { bundleLayersOf, parseReferrer } from '../oci/referrer-manifest.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import type { Trust } from '../trust/trust.ts';
import { parseTrustedRoot } from '../trust/trusted-root.ts';
import type { BundleDocument } from './bundle-document.ts';
import type { LegacyAttestation } from './legacy-attestation.ts';
import type { LegacySignature } from './legacy-signature.ts';

export const FIXTURES = new URL('../../../../../shared/fixtures/cosign-images/', import.meta.url);
export const hasCosignImages = existsSync(FIXTURES);
if (!hasCosignImages)
  console.warn('Skipped: the images signed by cosign are not there (../shared/fixtures/cosign-images).');

/** One row of cases.json. */
export interface Case {
  readonly id: string;
  readonly layout: string;
  readonly registry: 'tags-only' | 'referrers-api';
  readonly subject: 'index' | 'amd64' | 'arm64';
  readonly reference: string;
  readonly digest: Digest;
  readonly check: 'signature' | 'attestation';
  readonly predicateType?: string;
  readonly format: string;
  readonly keyFile: string;
  readonly trustedRoot: string;
  readonly policy?: 'no-log';
  readonly dockerReference?: string;
  readonly expect: 'accept' | 'refuse' | 'either';
}

const read = (path: string) => readFileSync(new URL(path, FIXTURES));

export const cases: readonly Case[] = hasCosignImages ? JSON.parse(read('cases.json').toString()).cases : [];

export function trustOf({ reference, dockerReference, keyFile, trustedRoot, policy }: Case): Trust {
  const root = parseTrustedRoot(read(trustedRoot), trustedRoot);
  return {
    image: parseReference(dockerReference ?? reference).name,
    keys: [parsePublicKey(read(keyFile), keyFile)],
    dedicatedKeys: true,
    threshold: 1,
    logs: root.logs,
    root,
    logEntry: policy === 'no-log' ? 'not-required' : 'required',
  };
}

export function readBlob(digest: Digest): Buffer {
  const bytes = read(`blobs/sha256/${hexOf(digest)}`);
  if (digestOf(bytes) !== digest) throw new TypeError(`${digest} has other bytes`);
  return bytes;
}

interface Entry {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly annotations?: Record<string, string>;
}

function entriesOf(layout: string): readonly Entry[] {
  return JSON.parse(read(`${layout}/index.json`).toString()).manifests;
}

function manifestAt(layout: string, tag: string): ImageManifest | undefined {
  const entry = entriesOf(layout).find(({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] === tag);
  const manifest = entry && parseManifest(readBlob(entry.digest), tag);
  return manifest?.kind === 'manifest' ? manifest : undefined;
}

/** The legacy signatures of a digest in a layout, as a registry would hand them out. */
export function findSignatures(layout: string, digest: Digest): LegacySignature[] {
  const { layers = [] } = manifestAt(layout, `sha256-${hexOf(digest)}.sig`) ?? {};
  return layers
    .filter(({ mediaType }) => mediaType === mediaTypes.simpleSigning)
    .map(({ digest, annotations }) => ({
      payload: readBlob(digest),
      signature: annotations?.['dev.cosignproject.cosign/signature'] ?? '',
      bundle: rekorBundleOf(annotations),
    }));
}

export function findAttestations(layout: string, digest: Digest): LegacyAttestation[] {
  const { layers = [] } = manifestAt(layout, `sha256-${hexOf(digest)}.att`) ?? {};
  return layers.map(({ digest, annotations }) => ({
    envelope: readBlob(digest),
    certificate: undefined,
    bundle: rekorBundleOf(annotations),
  }));
}

/** The bundles that refer to a digest, signatures and attestations alike. */
export function findBundles(layout: string, digest: Digest): BundleDocument[] {
  return entriesOf(layout).flatMap((entry) => {
    const manifest = parseReferrer(readBlob(entry.digest));
    if (manifest?.subject !== digest) return [];
    return bundleLayersOf(manifest).map(({ mediaType, digest }) => ({ mediaType, bytes: readBlob(digest) }));
  });
}

function rekorBundleOf(annotations: Readonly<Record<string, string>> | undefined): unknown {
  const text = annotations?.['dev.sigstore.cosign/bundle'];
  return text && parseJson(Buffer.from(text), { where: 'bundle', code: 'SIGNATURE_MALFORMED' });
}
