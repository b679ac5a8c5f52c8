import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Digest } from '../../oci/digest.ts';
import type { LegacyAttestation } from '../legacy-attestation.ts';
import type { VerifiedAttestation } from '../verified-attestation.ts';

const FIXTURES = new URL('../../../../../../shared/fixtures/slsa-container-provenance/', import.meta.url);
export const hasSaved = existsSync(FIXTURES);
if (!hasSaved) console.warn('Skipped: real provenance is not there (../shared/fixtures).');

/** One image that real slsa-github-generator attested, as `cosign save` wrote it. */
export interface SavedProvenance {
  readonly version: string;
  readonly folder: URL;
  readonly digest: Digest;
  readonly found: LegacyAttestation;
  /** What is in it, taken for verified: for tests of what comes after. */
  readonly attestation: VerifiedAttestation;
}

export const savedProvenance: readonly SavedProvenance[] = hasSaved ? ['v1.4.0', 'v1.7.0', 'v2.0.0'].map(read) : [];

/** What the publisher really built each of them from. */
export const trueClaims = {
  'v1.4.0': { branch: 'main', commit: '904e2c3e02725e314cf6cf141c4700081298dcbd' },
  'v1.7.0': { branch: 'main', commit: '62cb1f1e485829bafe8bbec8b9900c0cb7624fe7' },
  'v2.0.0': { tag: 'v13.0.30', commit: '693130cb6cb840a7bc9cb18c6510d536a95dc7e6' },
} as const;
export const trueWorkflow = '.github/workflows/verifier-e2e.all.workflow_dispatch.main.all.slsa3.yml';
export const trueRepository = 'slsa-framework/example-package';

function read(version: string): SavedProvenance {
  const folder = new URL(`${version}/container_workflow_dispatch/`, FIXTURES);
  const blob = (digest: string) => readFileSync(new URL(`blobs/sha256/${digest.slice('sha256:'.length)}`, folder));
  const digest = readFileSync(new URL('../container_workflow_dispatch.digest', folder), 'utf8').trim() as Digest;
  const { manifests } = JSON.parse(readFileSync(new URL('index.json', folder), 'utf8'));
  const attestations = manifests.find(
    ({ annotations }: { annotations: { kind: string } }) => annotations.kind === 'dev.cosignproject.cosign/atts',
  );
  const [layer] = JSON.parse(blob(attestations.digest).toString()).layers;
  const envelope = blob(layer.digest);
  const certificate: string = layer.annotations['dev.sigstore.cosign/certificate'];
  const statement = JSON.parse(Buffer.from(JSON.parse(envelope.toString()).payload, 'base64').toString());
  // The digest that the folder is named after may be that of an index of which cosign saved one platform.
  const [{ digest: subject }] = statement.subject;
  if (
    createHash('sha256')
      .update(blob(`sha256:${subject.sha256}`))
      .digest('hex') !== digest.slice('sha256:'.length)
  )
    throw new TypeError(`${folder} is not about ${digest}`);
  return {
    version,
    folder,
    digest,
    found: { envelope, certificate, bundle: JSON.parse(layer.annotations['dev.sigstore.cosign/bundle']) },
    attestation: {
      digest,
      statementType: statement._type,
      predicateType: statement.predicateType,
      predicate: statement.predicate,
      signer: { kind: 'certificate', certificate: new X509Certificate(certificate).raw },
    },
  };
}
