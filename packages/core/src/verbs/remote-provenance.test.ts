import { describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import type { RemoteProvenance } from '../ledger/ledger.ts';
import { hostPlatform } from '../oci/platform.ts';
import { type TestBuild, testBuild } from '../testing/github-job.ts';
import type { TestRegistryOptions } from '../testing/test-registry.ts';
import { auto } from './auto.ts';
import { check } from './check.ts';
import { createProvenanceWorld } from './provenance-world.test-support.ts';
import type { UpdateFacts } from './results.ts';
import { setUpdates } from './set-updates.ts';
import { upgrade } from './upgrade.ts';
import { release } from './verb-world.test-support.ts';

const HOUR_MS = 3_600_000;
const { commit } = testBuild();
const expected = { repository: 'acme/sandbox' };

interface Setup {
  readonly required?: boolean;
  readonly updates?: 'ask' | 'on';
  readonly build?: TestBuild;
  readonly byKey?: boolean;
  readonly fault?: TestRegistryOptions['fault'];
}

/** Release 1 is installed, and release 2 is offered to somebody who is asked, with the provenance that the test says. */
async function offered({ required = false, updates = 'ask', build, byKey, fault }: Setup = {}) {
  const world = await createProvenanceWorld(required, { ...(fault && { fault }) });
  let time = Date.UTC(2026, 6, 1);
  const context = { ...world.context, now: () => new Date(time) };
  const publish = (month: number, as: TestBuild | undefined) => {
    world.publish(release(month));
    if (as) world.attest(release(month).digest, as, byKey);
  };
  publish(1, {});
  await upgrade(context);
  await setUpdates(context, { updates });
  publish(2, build);
  const wait = (hours: number) => {
    time += hours * HOUR_MS;
  };
  wait(13);
  world.registry.requests.splice(0);
  const lookUps = () => world.registry.requests.splice(0).filter((line) => line.endsWith('.att'));
  return { ...world, context, publish, wait, lookUps };
}

type Context = Parameters<typeof auto>[0];

/** What somebody is told who is asked; the answer is no one's, and nothing is remembered of it. */
async function told(context: Context): Promise<RemoteProvenance | undefined> {
  const asked: UpdateFacts[] = [];
  const consent = async (facts: UpdateFacts) => void asked.push(facts);
  await expect(auto(context, { consent })).rejects.toMatchObject({ code: 'CONSENT_DECLINED' });
  expect(asked).toHaveLength(1);
  return asked[0]?.provenance;
}

const isOfAttestation = (path: string) => path.endsWith('.att');

describe('who is asked about an update is told where it was built', () => {
  it('by the commit, where provenance is attested that the profile expects', async () => {
    const { context } = await offered({ build: {} });
    expect(await told(context)).toEqual({ ...expected, verdict: 'accepted', commit });
  });

  it('by the same commit later, without another request', async () => {
    const { context, registry } = await offered({ build: {} });
    await told(context);
    registry.requests.splice(0);
    expect(await told(context)).toMatchObject({ verdict: 'accepted', commit });
    expect(registry.requests).toEqual([]);
  });

  it('and by whom, where no runner vouches for it', async () => {
    const { context, fingerprint } = await offered({ build: {}, byKey: true });
    expect(await told(context)).toMatchObject({ verdict: 'accepted', commit, key: fingerprint });
  });

  it.each<[string, TestBuild | undefined, RemoteProvenance['verdict']]>([
    ['that none is attested', undefined, 'missing'],
    ['that it is of another repository, and not its commit', { repository: 'evil/sandbox' }, 'refused'],
  ])('or %s', async (_, build, verdict) => {
    const { context } = await offered(build ? { build } : {});
    expect(await told(context)).toEqual({ ...expected, verdict });
  });

  it('or that it could not be looked up, which is not "none", and takes nothing from the offer', async () => {
    const fault: TestRegistryOptions['fault'] = ({ path }) => (isOfAttestation(path) ? { status: 500 } : undefined);
    const { context, notices } = await offered({ fault });
    expect(await told(context)).toEqual({ ...expected, verdict: 'unknown' });
    expect(notices().join()).toContain('could not be looked up');
    expect(await auto(context, { consent: async () => true })).toMatchObject({ status: 'upgraded' });
  });

  it('in the error, too, where nobody could be asked', async () => {
    const { context } = await offered({ build: {} });
    const update = { provenance: { ...expected, verdict: 'accepted', commit }, download: {} };
    await expect(auto(context)).rejects.toMatchObject({ code: 'CONSENT_DECLINED', details: { update } });
  });

  it('by nothing that was found when something else was expected', async () => {
    const { context, profile } = await offered({ build: {} });
    await told(context);
    const provenance = { repository: 'acme/other' };
    const other = { ...context, profile: { ...context.profile, provenance } };
    expect(await told(other)).toEqual({ ...provenance, verdict: 'unknown' });
    expect(await told({ ...context, profile })).toBeUndefined();
  });
});

describe('provenance of an update is looked up', () => {
  it('once, with the rest of the check', async () => {
    const { context, lookUps, wait } = await offered({ build: {} });
    await check(context);
    const digests = new Set(lookUps());
    expect(digests.size).toBeGreaterThan(0);
    await told(context);
    wait(13);
    await told(context);
    expect(lookUps()).toEqual([]);
  });

  it.each([true, false])(
    'without asking again for bundles that were looked at for signatures (demanded: %s)',
    async (required) => {
      const { context, registry } = await offered({ required, build: {} });
      const trust = { ...context.profile.trust, dedicatedKeys: true };
      await check({ ...context, profile: { ...context.profile, trust } });
      const all = registry.requests.filter((line) => !line.includes('/blobs/'));
      expect(all.filter((line) => line.includes('manifests/sha256-') && !/\.(sig|att)$/.test(line))).not.toEqual([]);
      expect(all.length).toBe(new Set(all).size);
    },
  );

  it('once where it is demanded', async () => {
    const { context, lookUps } = await offered({ required: true, build: {} });
    expect(await told(context)).toMatchObject({ verdict: 'accepted', commit });
    const all = lookUps();
    expect(all.length).toBe(new Set(all).size);
  });

  it('again where it was missing, for it may have come since', async () => {
    const { context, wait, attest } = await offered();
    await told(context);
    attest(release(2).digest);
    wait(13);
    expect(await told(context)).toMatchObject({ verdict: 'accepted' });
  });

  it('not where nobody is asked', async () => {
    const { context, lookUps } = await offered({ updates: 'on', build: {} });
    expect(await auto(context)).toMatchObject({ status: 'upgraded' });
    expect(lookUps()).toEqual([]);
  });

  it('not where nothing newer is offered, and not of what was declined', async () => {
    const { context, lookUps, publish, wait } = await offered();
    await auto(context, { consent: async () => false }).catch(codeOf);
    lookUps();
    wait(13);
    expect(await auto(context)).toMatchObject({ decision: { row: 7 } });
    await upgrade(context);
    publish(1, {});
    wait(13);
    expect(await auto(context)).toMatchObject({ decision: { row: 14 } });
    expect(lookUps()).toEqual([]);
  });

  it('not of the release that is installed, by another of its digests', async () => {
    const { context, lookUps, registry, wait } = await offered();
    await upgrade(context);
    const { bytes, mediaType } = release(2).manifestFor(hostPlatform());
    registry.putManifest('team/sandbox', bytes, mediaType, 'latest');
    wait(13);
    lookUps();
    expect(await auto(context)).toMatchObject({ status: 'up-to-date', decision: { row: 15 } });
    expect(lookUps()).toEqual([]);
  });

  it('not of one that the rollback rules refuse, also where nothing is installed', async () => {
    const { context, lookUps, publish, wait, runtime, image } = await offered();
    await upgrade(context);
    for (const local of await runtime.images(image)) await runtime.remove(local);
    publish(1, {});
    wait(13);
    lookUps();
    await expect(auto(context)).rejects.toMatchObject({ code: 'IMAGE_NOT_INSTALLED' });
    expect(lookUps()).toEqual([]);
  });
});

describe('a profile that begins to demand provenance', () => {
  it.each<[string, Setup]>([
    ['without', {}],
    ['with that of the profile’s own key', { build: {}, byKey: true }],
  ])('installs nothing that was checked %s', async (_, setup) => {
    const { context } = await offered(setup);
    await check(context);
    const provenance = { ...expected, required: true };
    const demanding = { ...context, profile: { ...context.profile, provenance } };
    const result = await auto(demanding, { consent: async () => true });
    expect(result).toMatchObject({ status: 'up-to-date' });
  });
});
