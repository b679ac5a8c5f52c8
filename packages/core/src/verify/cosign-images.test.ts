import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import { exitCodes } from '../errors/error-code.ts';
import { mediaTypes } from '../oci/descriptor.ts';
import { type Digest, digestOf, hexOf } from '../oci/digest.ts';
import { parseManifest } from '../oci/manifest.ts';
import { parseJson } from '../oci/parse-json.ts';
import { parseReference } from '../oci/reference.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import { parseTrustedRoot } from '../trust/trusted-root.ts';
import type { LegacySignature } from './legacy-signature.ts';
import { verifySignatures } from './verify-signatures.ts';

const FIXTURES = new URL('../../../../../shared/fixtures/cosign-images/', import.meta.url);
const hasFixtures = existsSync(FIXTURES);
if (!hasFixtures)
  console.warn('Skipped: the images signed by cosign are not there (../shared/fixtures/cosign-images).');

interface Case {
  readonly id: string;
  readonly layout: string;
  readonly reference: string;
  readonly digest: Digest;
  readonly check: string;
  readonly format: string;
  readonly keyFile: string;
  readonly trustedRoot: string;
  readonly policy?: 'no-log';
  readonly dockerReference?: string;
  readonly expect: 'accept' | 'refuse';
}

const read = (path: string) => readFileSync(new URL(path, FIXTURES));

function readBlob(digest: Digest): Buffer {
  const bytes = read(`blobs/sha256/${hexOf(digest)}`);
  expect(digestOf(bytes)).toBe(digest);
  return bytes;
}

/** The legacy signatures of a digest in a layout, as a registry would hand them out. */
function findSignatures(layout: string, digest: Digest): LegacySignature[] {
  const { manifests } = JSON.parse(read(`${layout}/index.json`).toString());
  const tag = `sha256-${hexOf(digest)}.sig`;
  const entry = manifests.find(
    ({ annotations }: { annotations?: Record<string, string> }) =>
      annotations?.['org.opencontainers.image.ref.name'] === tag,
  );
  if (!entry) return [];
  const manifest = parseManifest(readBlob(entry.digest), tag);
  if (manifest.kind === 'index') throw new TypeError(`${tag} is an index`);
  return manifest.layers
    .filter(({ mediaType }) => mediaType === mediaTypes.simpleSigning)
    .map((layer) => {
      const bundle = layer.annotations?.['dev.sigstore.cosign/bundle'];
      return {
        payload: readBlob(layer.digest),
        signature: layer.annotations?.['dev.cosignproject.cosign/signature'] ?? '',
        bundle: bundle && parseJson(Buffer.from(bundle), { where: 'bundle', code: 'SIGNATURE_MALFORMED' }),
      };
    });
}

function codeOfChecking({ layout, reference, dockerReference, digest, keyFile, trustedRoot, policy }: Case) {
  const trust = {
    image: parseReference(dockerReference ?? reference).name,
    keys: [parsePublicKey(read(keyFile), keyFile)],
    threshold: 1,
    logs: parseTrustedRoot(read(trustedRoot), trustedRoot),
    logEntry: policy === 'no-log' ? 'not-required' : 'required',
  } as const;
  try {
    return verifySignatures(findSignatures(layout, digest), digest, trust) && 'accepted';
  } catch (error) {
    return codeOf(error);
  }
}

/** Why each is refused; what is not here is accepted. */
const refusals: Readonly<Record<string, string>> = {
  'legacy-rekor1/wrong-key': 'SIGNATURE_FOREIGN',
  'legacy-rekor1/wrong-log-key': 'LOG_ENTRY_INVALID',
  'legacy-rekor1/log-key-expired': 'LOG_ENTRY_INVALID',
  'legacy-rekor1-other-key': 'SIGNATURE_FOREIGN',
  'legacy-no-log': 'LOG_ENTRY_INVALID',
  'legacy-index-only/amd64': 'SIGNATURE_MISSING',
  'legacy-rekor1-payload-other-type': 'SIGNATURE_INVALID',
  'att-legacy-rekor1/as-signature': 'SIGNATURE_MISSING',
  'mutant-legacy-bad-signature': 'SIGNATURE_INVALID',
  'mutant-legacy-bad-set': 'LOG_ENTRY_INVALID',
  'mutant-legacy-no-bundle': 'LOG_ENTRY_INVALID',
  'mutant-legacy-payload-blank': 'SIGNATURE_INVALID',
  'mutant-legacy-payload-other-digest': 'SIGNATURE_INVALID',
};

describe.skipIf(!hasFixtures)('the images signed by cosign', () => {
  const { cases } = (hasFixtures ? JSON.parse(read('cases.json').toString()) : { cases: [] }) as { cases: Case[] };
  const legacy = cases.filter(({ format, check }) => format === 'legacy' && check === 'signature');

  it('have a stated reason for every refusal', () => {
    const refused = legacy.filter((one) => one.expect === 'refuse').map(({ id }) => id);
    expect(refused.sort()).toEqual(Object.keys(refusals).sort());
  });

  it.each(legacy.map((one) => [one.expect, one.id, one] as const))('%s %s', (verdict, id, one) => {
    const code = codeOfChecking(one);
    expect(code).toBe(refusals[id] ?? 'accepted');
    expect(code === 'accepted' ? 'accept' : 'refuse').toBe(verdict);
    if (code !== 'accepted') expect([3, 7]).toContain(exitCodes[code as keyof typeof exitCodes]);
  });
});
