import { describe, expect, it } from 'vitest';
import { hostPlatform } from '../oci/platform.ts';
import type { TestBuild } from '../testing/github-job.ts';
import { check } from './check.ts';
import { planUpgrade } from './plan-upgrade.ts';
import { createProvenanceWorld } from './provenance-world.test-support.ts';
import { upgrade } from './upgrade.ts';
import { release } from './verb-world.test-support.ts';

const one = release(1);

describe('a profile that demands provenance', () => {
  it('installs what is signed and attested, by index or by manifest', async () => {
    for (const digest of [one.digest, one.manifestFor(hostPlatform()).digest]) {
      const { context, publish, attest } = await createProvenanceWorld(true);
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
    const { context, publish, attest, runtime, image } = await createProvenanceWorld(true);
    publish(one);
    if (build) attest(one.digest, build, byKey);
    for (const verb of [upgrade, planUpgrade, check]) await expect(verb(context)).rejects.toMatchObject({ code });
    expect(await runtime.images(image)).toEqual([]);
  });

  it('is asked for the one that is offered, not for the one before it', async () => {
    const { context, publish, attest } = await createProvenanceWorld(true);
    publish(one);
    attest(one.digest);
    await upgrade(context);
    publish(release(2));
    await expect(upgrade(context)).rejects.toMatchObject({ code: 'PROVENANCE_MISSING' });
  });

  it('is no other than its fellows where it demands none', async () => {
    const { context, publish, registry } = await createProvenanceWorld(false);
    publish(one);
    expect(await upgrade(context)).toMatchObject({ status: 'installed' });
    expect(registry.requests.filter((line) => line.endsWith('.att'))).toEqual([]);
  });
});
