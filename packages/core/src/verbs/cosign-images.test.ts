import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parseReference } from '../oci/reference.ts';
import { openRegistry } from '../registry/open-registry.ts';
import { memoryRuntime } from '../testing/memory-runtime.ts';
import { publishLayout } from '../testing/publish-layout.ts';
import { testProfile } from '../testing/test-profile.ts';
import { startTestRegistry } from '../testing/test-registry.ts';
import {
  type Case,
  cases,
  FIXTURES,
  hasCosignImages,
  readBlob,
  trustOf,
} from '../verify/cosign-images.test-support.ts';
import { storeSignatures } from './store-signatures.ts';
import { upgrade } from './upgrade.ts';
import type { InstallContext } from './verb-context.ts';
import { verifyLocal } from './verify-local.ts';

/** The case's layout in a registry such as it wants, its digest under the tag, and a machine that trusts as it says. */
async function openCase(one: Case): Promise<InstallContext> {
  const registry = await startTestRegistry(one.registry === 'referrers-api' ? { referrersApi: {} } : {});
  const folder = await mkdtemp(join(tmpdir(), 'cosign-images-'));
  onTestFinished(async () => {
    await registry.close();
    await rm(folder, { recursive: true, force: true });
  });
  const trust = trustOf(one);
  const { repository } = parseReference(trust.image);
  publishLayout(registry, repository, new URL(`${one.layout}/`, FIXTURES), new URL('blobs/', FIXTURES));
  const bytes = readBlob(one.digest);
  registry.putManifest(repository, bytes, JSON.parse(bytes.toString()).mediaType, 'latest');
  const profile = testProfile(trust);
  const platform = { os: 'linux', architecture: one.subject === 'arm64' ? 'arm64' : 'amd64' } as const;
  const info = async () => ({ version: '1', platform, store: 'memory', endpoint: 'memory', isRemote: false });
  return {
    profile,
    state: { path: join(folder, 'state') },
    runtime: memoryRuntime({ info }),
    source: openRegistry({ origin: new URL(registry.origin), env: {} }),
  };
}

describe.skipIf(!hasCosignImages)('images signed by cosign, from a registry with the referrers API or without', () => {
  const signatures = cases.filter(({ check }) => check === 'signature');

  it.each(signatures.map((one) => [one.expect, one.id, one] as const))('upgrade: %s %s', async (verdict, _, one) => {
    const context = await openCase(one);
    const outcome = await upgrade(context).then(
      () => 'accept',
      () => 'refuse',
    );
    if (verdict !== 'either') expect(outcome).toBe(verdict);
    // What was accepted is accepted again from what was stored, without the registry.
    if (outcome === 'accept') expect(await verifyLocal(context)).toMatchObject({ status: 'verified' });
    else await expect(verifyLocal(context)).rejects.toMatchObject({ code: 'IMAGE_NOT_INSTALLED' });
  });

  it.each(signatures.map((one) => [one.expect, one.id, one] as const))(
    'store-signatures: %s %s',
    async (verdict, _, one) => {
      const context = await openCase(one);
      const reference = { ...parseReference(context.profile.image), digest: one.digest };
      const outcome = await storeSignatures(context, { reference }).then(
        () => 'accept',
        () => 'refuse',
      );
      if (verdict !== 'either') expect(outcome).toBe(verdict);
    },
  );

  const byKey = signatures.filter(({ format, expect }) => format === 'bundle' && expect === 'accept');

  it.each(byKey.map((one) => [one.id, one] as const))(
    'without dedicatedKeys upgrade refuses %s, saying why',
    async (_, one) => {
      const context = await openCase(one);
      const profile = { ...context.profile, trust: { ...context.profile.trust, dedicatedKeys: false } };
      await expect(upgrade({ ...context, profile })).rejects.toMatchObject({
        code: 'SIGNATURE_MISSING',
        message: expect.stringContaining('dedicatedKeys'),
      });
    },
  );
});
