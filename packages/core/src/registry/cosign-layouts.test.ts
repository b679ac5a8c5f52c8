import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Digest, hexOf } from '../oci/digest.ts';
import { parseReference } from '../oci/reference.ts';
import { publishLayout } from '../testing/publish-layout.ts';
import { startTestRegistry } from '../testing/test-registry.ts';
import { openRegistry } from './open-registry.ts';

const FIXTURES = new URL('../../../../../shared/fixtures/cosign-images/', import.meta.url);
const hasFixtures = existsSync(FIXTURES);
if (!hasFixtures)
  console.warn('Skipped: the images signed by cosign are not there (../shared/fixtures/cosign-images).');

interface Case {
  readonly id: string;
  readonly layout: string;
  readonly registry: 'tags-only' | 'referrers-api';
  readonly digest: Digest;
  readonly check: 'signature' | 'attestation';
  readonly expect: 'accept' | 'refuse' | 'either';
  readonly format: 'legacy' | 'bundle' | 'legacy+bundle' | 'none';
}

interface Entry {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly annotations?: Readonly<Record<string, string>>;
}

const repository = 'sandbox/v1';
const reference = parseReference(`registry.example.org/${repository}`);
const read = (path: string) => readFileSync(new URL(path, FIXTURES));
const readBlob = ({ digest }: Pick<Entry, 'digest'>) => read(`blobs/sha256/${hexOf(digest)}`);
const readJson = (bytes: Buffer) => JSON.parse(bytes.toString());

/** What a layout has for a digest, by its own list alone. */
function expectedOf({ layout, digest }: Case) {
  const entries: readonly Entry[] = readJson(read(`${layout}/index.json`)).manifests;
  const layersUnder = (tag: string): Entry[] =>
    entries
      .filter(({ annotations }) => annotations?.['org.opencontainers.image.ref.name'] === tag)
      .flatMap((entry) => readJson(readBlob(entry)).layers);
  const bundles = entries
    .map((entry) => readJson(readBlob(entry)))
    .filter(({ subject }) => subject?.digest === digest)
    // Where the manifest says another version than its layer, no version is handed out.
    .flatMap(({ layers, artifactType }) =>
      layers.map((layer: Entry) => ({
        ...layer,
        mediaType: layer.mediaType === artifactType ? artifactType : undefined,
      })),
    );
  return {
    signatures: layersUnder(`sha256-${hexOf(digest)}.sig`).map((layer) => readBlob(layer).toString()),
    attestations: layersUnder(`sha256-${hexOf(digest)}.att`).map((layer) => readBlob(layer).toString()),
    bundles: bundles.map((layer) => `${layer.mediaType} ${readBlob(layer)}`).sort(),
  };
}

/** The same, as the client finds it at a registry into which the layout was pushed. */
async function findAll({ layout, digest }: Case, hasApi: boolean) {
  await using registry = await startTestRegistry(hasApi ? { referrersApi: {} } : {});
  publishLayout(registry, repository, new URL(`${layout}/`, FIXTURES), new URL('blobs/', FIXTURES));
  const source = openRegistry({ origin: new URL(registry.origin), env: {} });
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
  return {
    signatures: (await source.findSignatures(reference, digest)).map(({ payload }) => text(payload)),
    attestations: (await source.findAttestations(reference, digest)).map(({ envelope }) => text(envelope)),
    bundles: (await source.findBundles(reference, digest))
      .map(({ mediaType, bytes }) => `${mediaType} ${text(bytes)}`)
      .sort(),
  };
}

describe.skipIf(!hasFixtures)('what cosign put into a registry is found there', () => {
  const { cases } = (hasFixtures ? readJson(read('cases.json')) : { cases: [] }) as { cases: Case[] };

  it.each(cases.map((one) => [one.id, one] as const))('%s', async (_id, one) => {
    const expected = expectedOf(one);
    expect(await findAll(one, one.registry === 'referrers-api')).toEqual(expected);
    const legacy = one.check === 'signature' ? expected.signatures : expected.attestations;
    // Some cases are refused because only another digest of the image has any.
    if (one.expect === 'accept' || legacy.length > 0) expect(legacy.length > 0).toBe(one.format.startsWith('legacy'));
    if (one.expect === 'accept' || expected.bundles.length > 0)
      expect(expected.bundles.length > 0).toBe(one.format.endsWith('bundle'));
  });

  it('also by the referrers API, where publishers listed it under a tag besides', async () => {
    for (const one of cases.filter(({ layout }) => /^(bundle-rekor1|att-bundle-rekor1|mixed-legacy)/.test(layout)))
      expect(await findAll(one, true)).toEqual(expectedOf(one));
  });
});
