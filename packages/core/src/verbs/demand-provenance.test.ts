import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Digest } from '../oci/digest.ts';
import { hostPlatform } from '../oci/platform.ts';
import { githubJob, githubPredicate, type TestBuild } from '../testing/github-job.ts';
import { createTestAttester, publishAttestations } from '../testing/test-attester.ts';
import { createTestLog } from '../testing/test-log.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import { pinnedLog } from '../trust/transparency-log.ts';
import { parseTrustedRoot } from '../trust/trusted-root.ts';
import { check } from './check.ts';
import { planUpgrade } from './plan-upgrade.ts';
import { upgrade } from './upgrade.ts';
import { createVerbWorld, release } from './verb-world.test-support.ts';

/** A profile that demands provenance, on an image that is signed as its profile says. */
async function createWorld(required = true) {
  const world = await createVerbWorld();
  const log = createTestLog();
  const attester = createTestAttester(log);
  const publisher = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = parsePublicKey(Buffer.from(publisher.publicKey.export({ type: 'spki', format: 'pem' })), 'of the test');
  const { trust } = world.profile;
  const profile = {
    ...world.profile,
    trust: {
      ...trust,
      keys: [...trust.keys, key],
      logs: [...trust.logs, pinnedLog(parsePublicKey(Buffer.from(log.publicKeyPem), 'log'))],
      root: parseTrustedRoot(attester.trustedRoot, 'of the test'),
    },
    provenance: { repository: 'acme/sandbox', required },
  };
  const attest = (digest: Digest, build: TestBuild = {}, byKey = false) =>
    publishAttestations(world.registry, 'team/sandbox', digest, [
      attester.attest({
        digest,
        predicateType: 'https://slsa.dev/provenance/v1',
        predicate: githubPredicate(build),
        signer: byKey ? publisher.privateKey : githubJob(build),
      }),
    ]);
  return { ...world, context: { ...world.context, profile }, attest };
}

const one = release(1);

describe('a profile that demands provenance', () => {
  it('installs what is signed and attested, by index or by manifest', async () => {
    for (const digest of [one.digest, one.manifestFor(hostPlatform()).digest]) {
      const { context, publish, attest } = await createWorld();
      publish(one);
      attest(digest);
      expect(await upgrade(context), digest).toMatchObject({ status: 'installed' });
    }
  });

  const refused: readonly [string, string, TestBuild | undefined, boolean?][] = [
    ['without any', 'PROVENANCE_MISSING', undefined],
    ['of another repository', 'PROVENANCE_REJECTED', { repository: 'evil/sandbox' }],
    ['of a pull request', 'PROVENANCE_REJECTED', { trigger: 'pull_request', ref: 'refs/pull/1/merge' }],
    ['that the profile’s own key signed', 'PROVENANCE_REJECTED', {}, true],
  ];

  it.each(refused)('installs nothing with provenance %s', async (_, code, build, byKey) => {
    const { context, publish, attest, runtime, image } = await createWorld();
    publish(one);
    if (build) attest(one.digest, build, byKey);
    for (const verb of [upgrade, planUpgrade, check]) await expect(verb(context)).rejects.toMatchObject({ code });
    expect(await runtime.images(image)).toEqual([]);
  });

  it('is asked for the one that is offered, not for the one before it', async () => {
    const { context, publish, attest } = await createWorld();
    publish(one);
    attest(one.digest);
    await upgrade(context);
    publish(release(2));
    await expect(upgrade(context)).rejects.toMatchObject({ code: 'PROVENANCE_MISSING' });
  });

  it('is no other than its fellows where it demands none', async () => {
    const { context, publish, registry } = await createWorld(false);
    publish(one);
    expect(await upgrade(context)).toMatchObject({ status: 'installed' });
    expect(registry.requests.filter((line) => line.endsWith('.att'))).toEqual([]);
  });
});
