import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import { publishBundles } from '../testing/bundle-manifest.ts';
import { memoryRuntime } from '../testing/memory-runtime.ts';
import { publishTestImage } from '../testing/publish-test-image.ts';
import { bundleDocument, signatureStatement, signTestBundle, type TestBundle } from '../testing/test-bundle.ts';
import { createTestTileLog } from '../testing/test-bundle-log.ts';
import type { TestImage } from '../testing/test-image.ts';
import { createTestTimestampAuthority } from '../testing/test-timestamp-authority.ts';
import { testTrustedRoot } from '../testing/test-trusted-root.ts';
import { parseTrustedRoot } from '../trust/trusted-root.ts';
import { repairState } from './state-repair.ts';
import { status } from './status.ts';
import { upgrade } from './upgrade.ts';
import { createVerbWorld, release } from './verb-world.test-support.ts';
import { verifyLocal } from './verify-local.ts';

const [y2026, y2027] = [2026, 2027].map((year) =>
  createTestTileLog({ name: `log${year}-1.rekor.example.org`, size: 700 }),
);
const stamper = createTestTimestampAuthority();

/** A publisher whose logs change: Rekor v1, then a shard of v2 a year; the profile trusts all of them. */
async function createChangingWorld() {
  const world = await createVerbWorld({}, { referrersApi: {} });
  const { signer, registry, profile } = world;
  const logs = { v1: signer.log, y2026: y2026 as typeof stranger, y2027: y2027 as typeof stranger };
  const stranger = createTestTileLog({ name: 'log.example.com' });
  const root = parseTrustedRoot(
    testTrustedRoot({ logs: Object.values(logs), timestampAuthorities: [stamper] }),
    'test',
  );
  const context = {
    ...world.context,
    profile: { ...profile, trust: { ...profile.trust, dedicatedKeys: true, logs: root.logs, root } },
  };
  /** A day after the first of the month: each release is logged after it was made. */
  const day = (month: number) => new Date(Date.UTC(2026, month - 1, 2));
  const sign = (image: TestImage, log: keyof typeof logs | 'stranger', month: number, logIndex?: number): TestBundle =>
    signTestBundle({
      content: { payload: signatureStatement(image.digest) },
      by: signer,
      log: log === 'stranger' ? stranger : logs[log],
      time: day(month),
      logIndex,
      ...(log !== 'v1' && { stamps: [{ authority: stamper, date: day(month) }] }),
    });
  const offer = (image: TestImage, ...bundles: TestBundle[]) => {
    publishBundles(
      registry,
      'team/sandbox',
      image.digest,
      bundles.map((bundle) => bundleDocument(bundle)),
    );
    publishTestImage(registry, 'team/sandbox', image, { tag: 'latest' });
    return upgrade(context).then(
      ({ status: got }) => got,
      (error) => codeOf(error) ?? String(error),
    );
  };
  const installed = async () => (await verifyLocal(context)).image.digest;
  const floors = async () => (await status(context)).floor;
  return { ...world, context, logs, sign, offer, installed, floors };
}

const proofOnly = (bundle: TestBundle): TestBundle => {
  const [entry] = bundle.verificationMaterial.tlogEntries;
  Object.assign(entry ?? {}, { inclusionPromise: undefined, integratedTime: '4102444800', logIndex: '99999999999' });
  return bundle;
};

describe('the order of releases while logs change', () => {
  it('is kept from Rekor v1 to v2 and from one shard to the next by the content date', async () => {
    const { sign, offer, installed, floors, logs } = await createChangingWorld();
    const [one, two, three] = [release(1), release(2), release(3)] as const;
    expect(await offer(one, sign(one, 'v1', 1, 2_086_326_142))).toBe('installed');
    expect(await offer(two, sign(two, 'y2026', 2))).toBe('upgraded');
    expect(await offer(three, sign(three, 'y2027', 3))).toBe('upgraded');
    expect(await installed()).toBe(three.digest);
    expect(Object.keys(await floors()).sort()).toEqual([logs.v1.id, logs.y2026.id, logs.y2027.id].sort());
  });

  it('keeps its floors when the ledger is lost, where nothing but stored bundles tells of them', async () => {
    const { context, sign, offer, floors, logs } = await createChangingWorld();
    expect(await offer(release(1), sign(release(1), 'y2026', 1))).toBe('installed');
    expect(await offer(release(2), sign(release(2), 'y2027', 2))).toBe('upgraded');
    const before = await floors();
    expect(Object.keys(before).sort()).toEqual([logs.y2026.id, logs.y2027.id].sort());
    writeFileSync(join(context.state.path, 'ledger.json'), 'no ledger', { mode: 0o600 });
    const openRuntime = async () => memoryRuntime(); // nothing is installed there
    expect(await repairState({ ...context, openRuntime })).toMatchObject({ status: 'repaired' });
    expect(await floors()).toEqual(before);
  });

  it.each([
    ['from v1 to v2', 'v1', 'y2026'],
    ['from one shard of v2 to the next', 'y2026', 'y2027'],
    ['back from v2 to v1, whose numbers are higher', 'y2026', 'v1'],
  ] as const)('bad input 83: %s, an image of the same date is not newer', async (_, before, after) => {
    const { sign, offer, installed } = await createChangingWorld();
    const [one, other] = [release(3), release(3, 'another')];
    expect(await offer(one, sign(one, before, 3))).toBe('installed');
    expect(await offer(other, sign(other, after, 4, 3_000_000_000))).toBe('ROLLBACK_REFUSED');
    expect(await installed()).toBe(one.digest);
  });

  it.each([
    ['from v1 to v2', 'v1', 'y2026'],
    ['from one shard of v2 to the next', 'y2026', 'y2027'],
    ['back from v2 to v1, whose numbers are higher', 'y2026', 'v1'],
    ['in one shard', 'y2026', 'y2026'],
    ['in v1', 'v1', 'v1'],
  ] as const)('bad input 80: %s, an older image that was logged again is not newer', async (_, before, after) => {
    const { sign, offer, installed } = await createChangingWorld();
    const [old, current] = [release(1), release(2)];
    expect(await offer(current, sign(current, before, 2))).toBe('installed');
    expect(await offer(old, sign(old, after, 4, 3_000_000_000))).toBe('ROLLBACK_REFUSED');
    expect(await installed()).toBe(current.digest);
  });

  it.each(['v1', 'y2026', 'y2027'] as const)(
    'bad input 79: a superseded image does not come back by an entry in %s',
    async (log) => {
      const { sign, offer, installed } = await createChangingWorld();
      const [old, current] = [release(1), release(2)];
      expect(await offer(old, sign(old, 'v1', 1))).toBe('installed');
      expect(await offer(current, sign(current, 'y2026', 2))).toBe('upgraded');
      expect(await offer(old, sign(old, log, 5, 3_000_000_000))).toBe('ROLLBACK_REFUSED');
      expect(await installed()).toBe(current.digest);
    },
  );

  it('bad input 77: in a shard that has both, the index decides between images of one date', async () => {
    const { sign, offer } = await createChangingWorld();
    const [first, second, third] = [release(3, 'first'), release(3, 'second'), release(3, 'third')];
    const earlier = sign(first, 'y2026', 3);
    expect(await offer(second, sign(second, 'y2026', 3))).toBe('installed');
    expect(await offer(first, earlier)).toBe('ROLLBACK_REFUSED');
    expect(await offer(third, sign(third, 'y2026', 3))).toBe('upgraded');
  });

  it('bad input 81: of several entries in one log the lowest counts, in each log by itself', async () => {
    const { sign, offer, floors, logs } = await createChangingWorld();
    const one = release(1);
    const bundles = [
      sign(one, 'v1', 1, 5000),
      sign(one, 'v1', 1, 4000),
      sign(one, 'v1', 1, 6000),
      sign(one, 'y2026', 2),
    ];
    expect(await offer(one, ...bundles)).toBe('installed');
    const inV2 = Number(bundles[3]?.verificationMaterial.tlogEntries[0]?.logIndex);
    expect(await floors()).toEqual({ [logs.v1.id]: 4000, [logs.y2026.id]: inV2 });
  });

  it('bad input 83: an image in a log that is not listed is not trusted, however new', async () => {
    const { sign, offer } = await createChangingWorld();
    const one = release(1);
    expect(await offer(one, sign(one, 'stranger', 1))).toBe('LOG_ENTRY_INVALID');
  });

  it('takes the last release in cosign’s legacy form and the next as a bundle, in one log', async () => {
    const { publish, context, sign, offer } = await createChangingWorld();
    publish(release(3));
    expect(await upgrade(context)).toMatchObject({ status: 'installed' });
    const [older, next] = [release(3, 'older'), release(3, 'next')];
    expect(await offer(older, sign(older, 'v1', 3, 1))).toBe('ROLLBACK_REFUSED');
    expect(await offer(next, sign(next, 'v1', 3))).toBe('upgraded');
  });
});

describe('a floor', () => {
  it('bad input 84: of v1 is compared with the index in all shards', async () => {
    for (const [floor, got] of [
      [700_000_000, 'installed'],
      [771_488_337, 'installed'],
      [771_488_338, 'ROLLBACK_REFUSED'],
    ] as const) {
      const world = await createChangingWorld();
      const { logs, sign, offer, context } = world;
      Object.assign(context.profile, { floor: { [logs.v1.id]: floor } });
      const one = release(1);
      expect(await offer(one, sign(one, 'v1', 1, 771_488_337))).toBe(got);
    }
  });

  it('bad input 83: of one log says nothing of another: without an entry above one, nothing places the first image', async () => {
    const { logs, sign, offer, context } = await createChangingWorld();
    Object.assign(context.profile, { floor: { [logs.v1.id]: 100 } });
    const one = release(1);
    expect(await offer(one, sign(one, 'y2026', 1))).toBe('ROLLBACK_REFUSED');
    // The number in the shard is below the floor of v1, and is not compared with it.
    expect(await offer(one, sign(one, 'v1', 1, 2000))).toBe('installed');
  });

  it('bad input 77: of a shard refuses what is below it there', async () => {
    const { logs, sign, offer, context } = await createChangingWorld();
    const [one, two] = [release(1), release(2)];
    const [first, second] = [sign(one, 'y2026', 1), sign(two, 'y2026', 2)];
    const index = Number(second.verificationMaterial.tlogEntries[0]?.logIndex);
    Object.assign(context.profile, { floor: { [logs.y2026.id]: index } });
    expect(await offer(one, first)).toBe('ROLLBACK_REFUSED');
    expect(await offer(two, second)).toBe('installed');
  });
});

describe('an entry of v1 with a proof alone', () => {
  it('bad inputs 71 and 73: has neither index nor time, and raises no floor', async () => {
    const { sign, offer, floors, context, logs } = await createChangingWorld();
    const one = release(1);
    expect(await offer(one, proofOnly(sign(one, 'v1', 1)))).toBe('installed');
    expect(await floors()).toEqual({});
    const { signatures } = await verifyLocal(context);
    const [first] = signatures;
    expect(signatures).toHaveLength(1);
    expect(first?.verdict === 'accepted' && first.log).toEqual({ id: logs.v1.id });
  });

  it('bad input 83: is newer by its content date alone', async () => {
    const { sign, offer, installed } = await createChangingWorld();
    const [one, same, later] = [release(1), release(1, 'same'), release(2)];
    expect(await offer(one, sign(one, 'v1', 1))).toBe('installed');
    expect(await offer(same, proofOnly(sign(same, 'v1', 1)))).toBe('ROLLBACK_REFUSED');
    expect(await offer(later, proofOnly(sign(later, 'v1', 2)))).toBe('upgraded');
    expect(await installed()).toBe(later.digest);
  });

  it('bad input 77: is not above any floor', async () => {
    const { logs, sign, offer, context } = await createChangingWorld();
    Object.assign(context.profile, { floor: { [logs.v1.id]: 100 } });
    const one = release(1);
    expect(await offer(one, proofOnly(sign(one, 'v1', 1)))).toBe('ROLLBACK_REFUSED');
  });
});
