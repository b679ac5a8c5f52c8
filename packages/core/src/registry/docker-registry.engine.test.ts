import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Digest, digestOf } from '../oci/digest.ts';
import { parseReference } from '../oci/reference.ts';
import { cachedSource } from '../source/blob-cache.ts';
import { fetchChain, findSigned } from '../source/fetch-image.ts';
import { readVerified } from '../source/read-verified.ts';
import { publishBundles, referrersTag } from '../testing/bundle-manifest.ts';
import { publishLayout } from '../testing/publish-layout.ts';
import { publishTestImage } from '../testing/publish-test-image.ts';
import { createTestCertificate } from '../testing/test-certificate.ts';
import { buildTestImage } from '../testing/test-image.ts';
import { startHttpProxy, startSocksProxy } from '../testing/test-proxy.ts';
import { createTestSigner } from '../testing/test-signer.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import { pinnedLog } from '../trust/transparency-log.ts';
import {
  type DockerRegistryOptions,
  isDockerRegistryHere,
  logIn,
  recordPushes,
  startDockerRegistry,
} from './docker-registry.test-support.ts';
import { openSources, type SourcesOptions } from './open-sources.ts';

const repository = 'team/sandbox';
const name = `registry.example.org/${repository}`;
const platform = { os: 'linux', architecture: 'amd64' };

const FIXTURES = new URL('../../../../../shared/fixtures/cosign-images/', import.meta.url);
if (!existsSync(FIXTURES))
  console.warn('Skipped: the images signed by cosign are not there (../shared/fixtures/cosign-images).');

async function start(options: DockerRegistryOptions = {}) {
  const registry = await startDockerRegistry(options);
  const home = await mkdtemp(join(tmpdir(), 'home-'));
  onTestFinished(async () => {
    await registry.close();
    await rm(home, { recursive: true, force: true });
  });
  const signer = createTestSigner({ image: name });
  const image = buildTestImage({ created: '2026-01-02T03:04:05Z' });
  const { recorder, pushes } = recordPushes(registry.host);
  const { digest } = publishTestImage(recorder, repository, image, { signers: [signer] });
  for (const push of pushes) await push(registry);
  const trust = {
    image: name,
    keys: [parsePublicKey(Buffer.from(signer.publicKeyPem), 'key')],
    threshold: 1,
    logs: [pinnedLog(parsePublicKey(Buffer.from(signer.logPublicKeyPem), 'log'))],
  };
  const reference = parseReference(`${name}:latest`);
  const open = (more: Partial<SourcesOptions> = {}) =>
    openSources({ reference, mirrors: [registry.origin], mirrorOnly: true, env: {}, home, platform: 'linux', ...more });
  /** All that an upgrade reads, layers included. */
  const readAll = async (source = open()) => {
    expect(await source.resolve(reference)).toBe(digest);
    const chain = await fetchChain(source, reference, digest, platform);
    const { accepted } = await findSigned(source, reference, chain, trust);
    for (const layer of chain.manifest.layers) {
      await readVerified(source, { kind: 'blob', repository, limit: 2 ** 30, digest: layer.digest, size: layer.size });
    }
    return accepted.length;
  };
  const storeLogIn = async (text = `${logIn.username}:${logIn.password}`) => {
    const authFile = join(home, 'auth.json');
    await writeFile(authFile, JSON.stringify({ auths: { [registry.host]: { auth: btoa(text) } } }), { mode: 0o600 });
    return { authFile, readCredentials: true };
  };
  return { registry, home, digest, reference, open, readAll, storeLogIn };
}

describe.skipIf(!isDockerRegistryHere)('Debian’s docker-registry', () => {
  it('gives an image, its signature and its layers', async () => {
    const { readAll, open, reference } = await start();
    expect(await readAll()).toBe(1);
    const unsigned = digestOf(Buffer.from('nobody signed this'));
    expect(await open().findSignatures(reference, unsigned)).toEqual([]);
    const missing = parseReference(`${name}:none`);
    await expect(open().resolve(missing)).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
  });

  it('bad input 12: has no referrers API, so bundles are found by their tag, and none is none', async () => {
    const { registry, open, reference, digest } = await start();
    const bundles = ['v0.3+json', 'v0.1+json'].map((version, at) => ({
      mediaType: `application/vnd.dev.sigstore.bundle.${version}`,
      bytes: Buffer.from(`{"number":${at}}`),
    }));
    expect(await open().findBundles(reference, digest)).toEqual([]);
    const { recorder, pushes } = recordPushes(registry.host);
    publishBundles(recorder, repository, digest, bundles, referrersTag(digest));
    for (const push of pushes) await push(registry);
    expect(await open().findBundles(reference, digest)).toEqual(bundles);
    expect(await open().findAttestations(reference, digest)).toEqual([]);
  });

  it.skipIf(!existsSync(FIXTURES))('gives what cosign put there: by tag, in bundles and attestations', async () => {
    const { registry, open, reference } = await start();
    const { images } = JSON.parse(readFileSync(new URL('cases.json', FIXTURES), 'utf8'));
    const found: number[] = [];
    for (const layout of ['bundle-rekor1-fallback', 'att-legacy-rekor1', 'legacy-rekor1']) {
      const { recorder, pushes } = recordPushes(registry.host);
      publishLayout(recorder, repository, new URL(`${layout}/`, FIXTURES), new URL('blobs/', FIXTURES));
      for (const push of pushes) await push(registry);
    }
    for (const digest of Object.values(images.rel1) as Digest[]) {
      found.push((await open().findBundles(reference, digest)).length);
      found.push((await open().findAttestations(reference, digest)).length);
      found.push((await open().findSignatures(reference, digest)).length);
    }
    expect(found).toEqual([1, 2, 1, 1, 0, 1, 1, 0, 1]); // the index alone is attested, twice
  });

  it('acceptance 11: goes on with a download of an earlier run, and gives nothing twice', async () => {
    const { registry, open, home } = await start();
    const blob = Buffer.alloc(5_000_000, 'layer');
    await registry.pushBlob(repository, blob);
    const folder = join(home, 'blobs');
    const wanted = { kind: 'blob', repository, digest: digestOf(blob), size: blob.length, limit: 2 ** 30 } as const;
    let received = 0;
    const controller = new AbortController();
    const onBytes = (bytes: number) => {
      received += bytes;
      if (received > 1_000_000) controller.abort(new Error('Ctrl-C'));
    };
    const broken = cachedSource(open(), { folder, onBytes }).prefetch([wanted], { signal: controller.signal });
    await expect(broken).rejects.toThrow('Ctrl-C');
    const counted: number[] = [];
    const cached = cachedSource(open(), { folder, onBytes: (bytes) => counted.push(bytes) });
    await cached.prefetch([wanted]);
    expect(counted[0]).toBe(received); // what was there, and then the rest alone
    expect(counted.reduce((sum, bytes) => sum + bytes)).toBe(blob.length);
    await registry.close();
    expect(await readVerified(cachedSource(open(), { folder }), wanted)).toEqual(blob);
  });

  it('lets us in with a stored log-in, and not without or with a wrong one', async () => {
    const { readAll, open, reference, storeLogIn } = await start({ isClosed: true });
    await expect(open().resolve(reference)).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
    await expect(open(await storeLogIn('jane:wrong')).resolve(reference)).rejects.toMatchObject({
      code: 'REGISTRY_DENIED',
    });
    expect(await readAll(open(await storeLogIn()))).toBe(1);
  });

  it('is read over TLS with its authority named, and not without', async () => {
    const tls = createTestCertificate();
    const { readAll, open, reference, storeLogIn } = await start({ tls, isClosed: true });
    await expect(open().resolve(reference)).rejects.toMatchObject({ details: { reason: 'tls' } });
    expect(await readAll(open({ ca: tls.cert, ...(await storeLogIn()) }))).toBe(1);
  });

  it('acceptance 12: is read through a proxy of each kind', async () => {
    const tls = createTestCertificate();
    const { registry, readAll, open } = await start({ tls });
    const to = Number(new URL(registry.origin).port);
    await using http = await startHttpProxy({ to });
    await using socks = await startSocksProxy({ to });
    for (const [HTTPS_PROXY, { asked }] of [
      [`http://${http.host}`, http],
      [`socks5h://${socks.host}`, socks],
    ] as const) {
      expect(await readAll(open({ ca: tls.cert, env: { HTTPS_PROXY } }))).toBe(1);
      expect(asked.length).toBeGreaterThan(0);
    }
  });
});
