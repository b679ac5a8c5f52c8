import { describe, expect, it, onTestFinished } from 'vitest';
import { mediaTypes } from '../oci/descriptor.ts';
import { type Digest, digestOf, hexOf } from '../oci/digest.ts';
import { parseReference } from '../oci/reference.ts';
import { openSources } from '../registry/open-sources.ts';
import { startTestRegistry } from '../testing/test-registry.ts';
import { fetchAttestations } from './fetch-attestations.ts';

const digest: Digest = `sha256:${'a'.repeat(64)}`;
const envelope = Buffer.from('{"payloadType":"application/vnd.in-toto+json"}');
const dsse = 'application/vnd.dsse.envelope.v1+json';
const config = Buffer.from('{}');

const describeBlob = (mediaType: string, bytes: Buffer) => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.length,
});

async function publish(members: Readonly<Record<string, unknown>>) {
  const registry = await startTestRegistry();
  onTestFinished(() => registry.close());
  for (const blob of [config, envelope, Buffer.alloc(0)]) registry.putBlob('team/sandbox', blob);
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: mediaTypes.ociManifest,
      config: describeBlob(mediaTypes.ociConfig, config),
      layers: [describeBlob(dsse, envelope)],
      ...members,
    }),
  );
  registry.putManifest('team/sandbox', manifest, mediaTypes.ociManifest, `sha256-${hexOf(digest)}.att`);
  const source = openSources({ reference: { registry: registry.host }, env: {} });
  return { registry, manifest, source, reference: parseReference(`${registry.host}/team/sandbox:latest`) };
}

describe('fetchAttestations', () => {
  it('gives manifest and blobs as they are', async () => {
    const { source, reference, manifest } = await publish({});
    const found = await fetchAttestations(source, reference, digest);
    expect(found?.manifest.bytes).toEqual(manifest);
    expect(found?.blobs.map(({ bytes }) => Buffer.from(bytes))).toEqual([config, envelope]);
  });

  it('gives nothing where there is no such tag', async () => {
    const { source, reference } = await publish({});
    expect(await fetchAttestations(source, reference, `sha256:${'b'.repeat(64)}`)).toBeUndefined();
  });

  it.each([
    ['bad input 16: too large together', [{ ...describeBlob(dsse, envelope), size: 2 ** 34 }], 'LIMIT_EXCEEDED'],
    ['too many', Array.from({ length: 60 }, () => describeBlob(dsse, envelope)), 'LIMIT_EXCEEDED'],
    ['empty ones', [describeBlob(dsse, Buffer.alloc(0))], 'MANIFEST_INVALID'],
    ['of another size than told', [{ ...describeBlob(dsse, envelope), size: 3 }], 'DIGEST_MISMATCH'],
  ])('refuses attestations: %s', async (_name, layers, code) => {
    const { source, reference } = await publish({ layers });
    await expect(fetchAttestations(source, reference, digest)).rejects.toMatchObject({ code });
  });
});
