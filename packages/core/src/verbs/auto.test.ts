import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import type { TestRegistryOptions } from '../testing/test-registry.ts';
import { auto } from './auto.ts';
import { check } from './check.ts';
import { history } from './history.ts';
import { pin, unpin } from './pin.ts';
import type { UpdateFacts } from './results.ts';
import { setUpdates, showUpdates } from './set-updates.ts';
import { repairState } from './state-repair.ts';
import { status } from './status.ts';
import { storeSignatures } from './store-signatures.ts';
import { upgrade } from './upgrade.ts';
import { createVerbWorld, release } from './verb-world.test-support.ts';
import { verifyLocal } from './verify-local.ts';

const HOUR_MS = 3_600_000;

/** Release 1 is installed, and a clock that the test turns. */
async function installed(registryOptions: TestRegistryOptions = {}) {
  const world = await createVerbWorld({}, registryOptions);
  let time = Date.UTC(2026, 6, 1);
  const context = { ...world.context, now: () => new Date(time) };
  const one = world.publish(release(1));
  await upgrade(context);
  const requests = () => world.registry.requests.splice(0);
  requests();
  const wait = (hours: number) => {
    time += hours * HOUR_MS;
  };
  return { ...world, context, one, requests, wait };
}

const answer = (value: boolean | undefined) => {
  const asked: UpdateFacts[] = [];
  return {
    asked,
    consent: async (facts: UpdateFacts) => {
      asked.push(facts);
      return value;
    },
  };
};

const refusal = (work: Promise<unknown>) => work.then(() => 'went well', codeOf);

describe('auto', () => {
  it('tells a person what changes before they are asked, all of it verified', async () => {
    const { context, publish, one, wait, signer } = await installed();
    await setUpdates(context, { updates: 'ask' });
    const two = publish(release(2));
    wait(13);
    const { asked, consent } = answer(true);
    expect(await auto(context, { consent })).toMatchObject({ status: 'upgraded', image: { digest: two.digest } });
    const layers = release(2).manifests[0]?.layers.map(({ bytes }) => bytes.length) ?? [];
    expect(asked).toMatchObject([
      {
        installed: { digest: one.digest },
        image: { digest: two.digest },
        created: new Date('2026-02-01T00:00:00Z'),
        download: { bytes: layers.reduce((sum, size) => sum + size) },
      },
    ]);
    expect(asked[0]?.signatures).toMatchObject([
      { verdict: 'accepted', key: signer.fingerprint, log: { id: signer.logId } },
    ]);
  });

  it('does not count what an earlier run downloaded', async () => {
    const { context, publish, wait } = await installed({
      fault: ({ path, earlier }) =>
        path.includes('/blobs/') && earlier === 0 && path.endsWith(lastLayer) ? { status: 404 } : undefined,
    });
    await setUpdates(context, { updates: 'ask' });
    publish(release(2));
    wait(13);
    const first = answer(true);
    expect(await auto(context, first)).toMatchObject({ status: 'update-failed' });
    wait(13);
    const second = answer(true);
    await auto(context, second);
    const [before, after] = [first, second].map(({ asked }) => asked[0]?.download.bytes ?? 0);
    expect(after).toBeLessThan(before as number);
  });

  it.each([
    ['a no', false],
    ['nobody to ask', undefined],
  ])('after %s opens no further connection, and ends with CONSENT_DECLINED', async (_, value) => {
    const { context, publish, one, wait, requests } = await installed();
    await setUpdates(context, { updates: 'ask' });
    publish(release(2));
    wait(13);
    const consent = async () => {
      expect(requests().some((line) => line.includes('/manifests/'))).toBe(true);
      wait(1000); // thought about for six weeks
      return value;
    };
    expect(await refusal(auto(context, { consent }))).toBe('CONSENT_DECLINED');
    expect(requests()).toEqual([]);
    expect(await verifyLocal(context)).toMatchObject({ image: { digest: one.digest } });
  });

  it('asks for what it saw before without a request, and installs it by what was verified then', async () => {
    const { context, publish, wait, requests } = await installed();
    await setUpdates(context, { updates: 'ask' });
    const two = publish(release(2));
    wait(13);
    await refusal(auto(context));
    requests();
    const consent = async () => {
      expect(requests()).toEqual([]);
      return true;
    };
    expect(await auto(context, { consent })).toMatchObject({ status: 'upgraded', image: { digest: two.digest } });
    expect(requests().filter((line) => !line.includes('/blobs/'))).toEqual([]);
  });

  it('remembers a no, and asks again for a newer release only', async () => {
    const { context, publish, wait } = await installed();
    await setUpdates(context, { updates: 'ask' });
    publish(release(2));
    wait(13);
    const no = answer(false);
    expect(await refusal(auto(context, no))).toBe('CONSENT_DECLINED');
    expect(await auto(context, no)).toMatchObject({ status: 'update-available', decision: { row: 7 } });
    wait(13);
    expect(await auto(context, no)).toMatchObject({ status: 'update-available', decision: { row: 7 } });
    expect(no.asked).toHaveLength(1);
    const three = publish(release(3));
    wait(13);
    expect(await refusal(auto(context, no))).toBe('CONSENT_DECLINED');
    expect(no.asked[1]).toMatchObject({ image: { digest: three.digest } });
  });

  it.each([
    ['a no', false, 'dangerzone-image upgrade'],
    ['nobody to ask', undefined, 'dangerzone-image auto --yes'],
  ])('after %s names what helps then', async (_, value, remedy) => {
    const { context, publish, wait } = await installed();
    await setUpdates(context, { updates: 'ask' });
    publish(release(2));
    wait(13);
    const error = await auto(context, answer(value)).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ suggestions: [expect.stringContaining(remedy), expect.any(String)] });
    const yes = answer(true);
    const again = value === false ? upgrade(context) : auto(context, yes);
    expect(await again).toMatchObject({ status: 'upgraded' });
  });

  it('does not take "nobody could be asked" for a no', async () => {
    const { context, publish, wait } = await installed();
    await setUpdates(context, { updates: 'ask' });
    publish(release(2));
    wait(13);
    expect(await refusal(auto(context))).toBe('CONSENT_DECLINED');
    expect(await auto(context, answer(true))).toMatchObject({ status: 'upgraded' });
  });

  it('installs nothing else than what was said yes to', async () => {
    const { context, publish, wait } = await installed();
    await setUpdates(context, { updates: 'ask' });
    publish(release(2));
    wait(13);
    const asked: string[] = [];
    const consent = async ({ image }: UpdateFacts) => {
      asked.push(image.digest);
      // While a person thinks, another process finds a newer one.
      if (asked.length === 1) publish(release(3));
      if (asked.length === 1) await check(context);
      return true;
    };
    const result = await auto(context, { consent });
    expect(asked).toHaveLength(2);
    expect(result).toMatchObject({ status: 'upgraded', image: { digest: asked[1] } });
  });

  it('makes no request when nobody decided, when updates are off, while pinned, and before it is time', async () => {
    const { context, publish, wait, requests } = await installed();
    publish(release(2));
    wait(1000);
    expect(await auto(context)).toMatchObject({ status: 'up-to-date', decision: { row: 15 } });
    await setUpdates(context, { updates: 'off' });
    expect(await auto(context)).toMatchObject({ status: 'up-to-date', decision: { row: 15 } });
    await setUpdates(context, { updates: 'on', intervalHours: 2000 });
    expect(await auto(context)).toMatchObject({ decision: { row: 15 } });
    await setUpdates(context, { intervalHours: 12 });
    await pin(context);
    expect(await auto(context)).toMatchObject({ status: 'pinned', decision: { row: 1 } });
    expect(requests()).toEqual([]);
    await unpin(context);
    expect(await auto(context)).toMatchObject({ status: 'upgraded', decision: { row: 4 } });
  });

  it('goes on with what it knew when a check fails, waits, and waits longer each time', async () => {
    const { context, publish, wait, requests, notices, one } = await installed();
    await setUpdates(context, { updates: 'on' });
    publish(release(2), { unsigned: true });
    wait(13);
    expect(await auto(context)).toMatchObject({ status: 'up-to-date', image: { digest: one.digest } });
    expect(notices().join()).toContain('The check failed');
    expect(requests()).not.toEqual([]);
    await auto(context);
    expect(requests()).toEqual([]);
    for (const hours of [0.25, 0.5, 1, 2, 4, 8, 12, 12]) {
      wait(hours - 0.01);
      await auto(context);
      expect(requests(), `${hours} h`).toEqual([]);
      wait(0.01);
      await auto(context);
      expect(requests(), `${hours} h`).not.toEqual([]);
    }
    publish(release(2));
    wait(12);
    expect(await auto(context)).toMatchObject({ status: 'upgraded' });
  });

  it('never takes a release that the registry went back to, and is not alarmed', async () => {
    const { context, publish, wait, notices } = await installed();
    const two = publish(release(2));
    await upgrade(context);
    await setUpdates(context, { updates: 'on' });
    publish(release(1));
    wait(13);
    const before = notices().length;
    expect(await auto(context)).toMatchObject({
      status: 'up-to-date',
      decision: { row: 14, reason: 'mirror-behind' },
      image: { digest: two.digest },
    });
    expect(notices()).toHaveLength(before);
  });

  it('holds nobody up while a person thinks', async () => {
    const { context, publish, wait } = await installed();
    await setUpdates(context, { updates: 'ask' });
    publish(release(2));
    wait(13);
    const consent = async () => {
      await check({ ...context, lockTimeoutMs: 0 });
      return true;
    };
    expect(await auto(context, { consent })).toMatchObject({ status: 'upgraded' });
  });

  it('records each decision that came of something, with its row', async () => {
    const { context, publish, wait } = await installed();
    await setUpdates(context, { updates: 'ask' });
    publish(release(2));
    wait(13);
    await refusal(auto(context, answer(false)));
    await auto(context);
    const { records, status: verdict } = await history(context);
    expect(verdict).toBe('consistent');
    expect(records.map(({ verb, event, row }) => `${verb} ${event} ${row ?? ''}`.trim())).toEqual([
      'upgrade checked',
      'upgrade installed',
      'updates changed-settings',
      'auto checked',
      'auto declined',
      'auto decided 7',
    ]);
  });
});

const lastLayer = release(2).manifests.flatMap(({ layers }) => layers.at(-1)?.digest ?? [])[0] ?? '';

describe('what was decided', () => {
  it('is told by status and by updates', async () => {
    const { context, publish } = await installed();
    const undecided = await status(context);
    expect([undecided.updates, undecided.pinned, undecided.remote]).toEqual([undefined, undefined, undefined]);
    expect(await showUpdates(context)).toMatchObject({ status: 'not-decided', intervalHours: 12 });
    const two = publish(release(2));
    await check(context);
    await setUpdates(context, { updates: 'off' });
    const { pinned } = await pin(context);
    expect(await status(context)).toMatchObject({ updates: 'off', pinned, remote: { digest: two.digest } });
    expect(await showUpdates(context)).toMatchObject({ status: 'off', pinned });
    await upgrade(context);
    expect((await status(context)).remote).toBeUndefined();
  });

  it('keeps the date of the first pin', async () => {
    const { context, wait } = await installed();
    const first = await pin(context);
    wait(1);
    expect(await pin(context)).toEqual(first);
  });

  it.each([0, 1.5, 8761, Number.NaN])('is no interval of %d hours', async (intervalHours) => {
    const { context } = await installed();
    expect(await refusal(setUpdates(context, { updates: 'on', intervalHours }))).toBe('USAGE');
    expect(await showUpdates(context)).toMatchObject({ status: 'not-decided' });
  });

  it('that cannot be read stops the decision, and not the report, until it is repaired or said again', async () => {
    const { context } = await installed();
    await setUpdates(context, { updates: 'on' });
    const file = join(context.state.path, 'preferences.json');
    await writeFile(file, (await readFile(file, 'utf8')).slice(0, -5));
    expect(await refusal(auto(context))).toBe('STATE_INVALID');
    const report = await status(context);
    expect(report).toMatchObject({ status: 'verified' });
    expect(report.notices.join()).toContain('cannot be read');
    const repaired = await repairState(context);
    expect(repaired.actions).toMatchObject([{ type: 'move-aside', name: 'preferences.json' }]);
    expect(await showUpdates(context)).toMatchObject({ status: 'not-decided' });
    await setUpdates(context, { updates: 'on' });
    expect(await auto(context)).toMatchObject({ status: 'up-to-date' });
  });
});

describe('a lost ledger', () => {
  const ways: [string, (file: string) => Promise<void>][] = [
    ['gone', (file) => rm(file)],
    ['unreadable', (file) => writeFile(file, '{', { mode: 0o600 })],
  ];
  const lost = async (lose: (file: string) => Promise<void>) => {
    const world = await installed();
    world.publish(release(2));
    await upgrade(world.context);
    await lose(join(world.context.state.path, 'ledger.json'));
    return world;
  };

  it.each(ways)(
    'that is %s is not made anew without an engine: what it has stays protected against older ones',
    async (_, lose) => {
      const { context, publish } = await lost(lose);
      await setUpdates(context, { updates: 'on' });
      await pin(context);
      await unpin(context);
      publish(release(1));
      expect(await refusal(upgrade(context))).toBe('ROLLBACK_REFUSED');
    },
  );

  it.each(ways)(
    'that is %s, and made anew by a verb that asks no engine, learns what the engine has from the next one that does',
    async (_, lose) => {
      const { context, publish } = await lost(lose);
      const { runtime: __, ...withoutEngine } = context;
      await storeSignatures(withoutEngine);
      publish(release(1));
      expect(await refusal(upgrade(context))).toBe('ROLLBACK_REFUSED');
    },
  );
});
