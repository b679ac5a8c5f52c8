import { describe, expect, it } from 'vitest';
import { mediaTypes } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import { publishTestImage } from './publish-test-image.ts';
import { signatureTag } from './signature-manifest.ts';
import { buildTestImage } from './test-image.ts';
import { startTestRegistry, type TestRegistryOptions } from './test-registry.ts';
import { createTestSigner } from './test-signer.ts';

const repository = 'team/sandbox';
const bytes = Buffer.from('0123456789');

async function startWithBlob(options: TestRegistryOptions = {}) {
  const registry = await startTestRegistry(options);
  registry.putBlob(repository, bytes);
  const url = `${registry.origin}/v2/${repository}/blobs/${digestOf(bytes)}`;
  return { registry, url, [Symbol.asyncDispose]: registry.close };
}

describe('startTestRegistry', () => {
  it('serves manifests by tag and digest, and forgets a deleted tag', async () => {
    await using registry = await startTestRegistry();
    const digest = registry.putManifest(repository, Buffer.from('{}'), mediaTypes.ociManifest, 'latest');
    const read = (name: string, method = 'GET') =>
      fetch(`${registry.origin}/v2/${repository}/manifests/${name}`, { method });
    expect((await read('latest', 'HEAD')).headers.get('docker-content-digest')).toBe(digest);
    expect(await (await read(digest)).text()).toBe('{}');
    registry.deleteTag(repository, 'latest');
    const missing = await read('latest');
    expect([missing.status, await missing.json()]).toMatchObject([404, { errors: [{ code: 'MANIFEST_UNKNOWN' }] }]);
    expect(registry.requests[0]).toBe(`HEAD /v2/${repository}/manifests/latest`);
  });

  it.each([
    ['bytes=4-', 206, '456789', 'bytes 4-9/10'],
    ['bytes=2-3', 206, '23', 'bytes 2-3/10'],
    ['bytes=10-', 416, undefined, 'bytes */10'],
    ['lines=1', 200, '0123456789', null],
  ])('answers the range %s', async (range, status, body, contentRange) => {
    await using started = await startWithBlob();
    const response = await fetch(started.url, { headers: { range } });
    expect([response.status, response.headers.get('content-range')]).toEqual([status, contentRange]);
    if (body !== undefined) expect(await response.text()).toBe(body);
  });

  it('asks for a token of the repository, and hands one out', async () => {
    await using started = await startWithBlob({ auth: 'token' });
    const { registry, url } = started;
    const refused = await fetch(url);
    expect(refused.status).toBe(401);
    const [, realm, service, scope] =
      /realm="(.+)",service="(.+)",scope="(.+)"/.exec(refused.headers.get('www-authenticate') ?? '') ?? [];
    const issue = async (wanted: string | undefined) => {
      const reply = await fetch(`${realm}?service=${service}&scope=${wanted}`);
      return ((await reply.json()) as { token?: string }).token;
    };
    const read = async (token?: string) => (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status;
    expect(await read(await issue(scope))).toBe(200);
    expect(await read(await issue('repository:other/image:pull'))).toBe(401);
    expect(await issue('repository:*:push')).toBeUndefined();
    expect(registry.requests.length).toBe(6);
  });

  it.each([
    ['another status and body', { status: 503, body: 'busy' }, [503, 'busy']],
    ['a body without its length', { headers: { 'content-length': undefined } }, [200, '0123456789']],
    ['a promise of the fault', Promise.resolve({ body: 'late' }), [200, 'late']],
  ])('lays a fault over the answer: %s', async (_name, fault, expected) => {
    await using started = await startWithBlob({ fault: () => fault });
    const response = await fetch(started.url);
    expect([response.status, await response.text()]).toEqual(expected);
  });

  it.each([
    ['cuts before the status line', { resetAfter: -1 }],
    ['cuts within the body', { resetAfter: 4 }],
  ])('breaks a connection: %s', async (_name, fault) => {
    await using started = await startWithBlob({ fault: () => fault });
    await expect(fetch(started.url).then((response) => response.text())).rejects.toThrow();
  });

  it('closes while an answer stalls', async () => {
    const { registry, url } = await startWithBlob({ fault: () => ({ stallAfter: 4 }) });
    const response = await fetch(url);
    const broken = expect(response.text()).rejects.toThrow();
    await registry.close();
    await broken;
  });

  it('holds a published image with its signatures, platforms signed after the index', async () => {
    await using registry = await startTestRegistry();
    const image = buildTestImage({ created: '2026-01-01T00:00:00Z' });
    const signers = [createTestSigner()];
    const { digest, signatures } = publishTestImage(registry, repository, image, {
      tag: 'v1',
      signers,
      signPlatforms: true,
    });
    expect([...signatures.keys()]).toEqual([digest, ...image.manifests.map((manifest) => manifest.digest)]);
    const indexes = [...signatures.values()].map(([signature]) => signature?.bundle.Payload.logIndex);
    expect(indexes).toEqual([1000, 1001, 1002]);
    for (const name of ['v1', signatureTag(digest)]) {
      expect((await fetch(`${registry.origin}/v2/${repository}/manifests/${name}`)).status).toBe(200);
    }
  });
});
