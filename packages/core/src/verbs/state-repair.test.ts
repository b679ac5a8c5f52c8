import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../errors/coded-error.ts';
import { withLock } from '../ledger/with-lock.ts';
import { repairState } from './state-repair.ts';
import { resetState } from './state-reset.ts';
import { showState } from './state-show.ts';
import { upgrade } from './upgrade.ts';
import { createVerbWorld, release } from './verb-world.test-support.ts';

/** A machine with one release installed, by way of the verbs themselves. */
async function createMachine() {
  const world = await createVerbWorld();
  const { digest } = world.publish(release(1));
  await upgrade(world.context);
  const path = (name: string) => join(world.context.state.path, name);
  const put = (name: string, content: string) => writeFileSync(path(name), content, { mode: 0o600 });
  const context = { ...world.context, openRuntime: async () => world.runtime };
  return { ...world, digest, path, put, text: (name: string) => readFileSync(path(name), 'utf8'), context };
}

const decline = () => Promise.reject(new CodedError('CONSENT_DECLINED', 'no'));

describe('repairState', () => {
  it('rebuilds a lost ledger from what the engine has and what verifies', async () => {
    const { context, digest, put } = await createMachine();
    const { floors } = await showState(context);
    put('ledger.json', 'no ledger');
    expect(await repairState(context)).toMatchObject({ status: 'repaired', actions: [{ type: 'rebuild-ledger' }] });
    const shown = await showState(context);
    expect(shown).toMatchObject({ status: 'healthy', releases: [{ digest, isInstalled: true, isNewest: true }] });
    expect(shown.floors.map(({ log, index }) => [log, index])).toEqual(floors.map(({ log, index }) => [log, index]));
    expect(await upgrade(context)).toMatchObject({ status: 'up-to-date' });
  });

  it('goes on without an engine, and says that what is installed is not taken over', async () => {
    const { context, put } = await createMachine();
    put('ledger.json', 'no ledger');
    const openRuntime = () => Promise.reject(new CodedError('RUNTIME_UNAVAILABLE', 'not started'));
    const result = await repairState({ ...context, openRuntime });
    expect(result).toMatchObject({ status: 'repaired', notices: [expect.stringContaining('not started')] });
    expect((await showState(context)).releases).toEqual([]);
  });

  it('asks for no engine where none is needed, and ends with any other failure of it', async () => {
    const { context, put, path } = await createMachine();
    put('.ledger.json.0123456789abcdef.part', 'half');
    const openRuntime = () => Promise.reject(new CodedError('RUNTIME_UNKNOWN', 'no such runtime'));
    expect(await repairState({ ...context, openRuntime })).toMatchObject({ status: 'repaired' });
    put('ledger.json', 'no ledger');
    await expect(repairState({ ...context, openRuntime })).rejects.toMatchObject({ code: 'RUNTIME_UNKNOWN' });
    expect(readFileSync(path('ledger.json'), 'utf8')).toBe('no ledger');
  });

  it('shows everything before it changes anything, and does nothing when the answer is no', async () => {
    const { context, put, text } = await createMachine();
    put('ledger.json', 'no ledger');
    const consent = async (planned: object) => {
      expect(planned).toMatchObject({ status: 'planned', actions: [{ type: 'rebuild-ledger' }] });
      expect(text('ledger.json')).toBe('no ledger');
      return decline();
    };
    await expect(repairState(context, { consent })).rejects.toMatchObject({ code: 'CONSENT_DECLINED' });
    expect(await repairState(context, { dryRun: true, consent })).toMatchObject({ status: 'planned' });
    expect(text('ledger.json')).toBe('no ledger');
  });

  it('does nothing else than what was shown: where the state changed meanwhile, nothing', async () => {
    const { context, put, text } = await createMachine();
    const ledger = text('ledger.json');
    put('ledger.json', 'no ledger');
    const consent = async () => put('ledger.json', ledger.replace(/("floors": \{\s*"\w+": )\d+/, '$14503599627370496'));
    await expect(repairState(context, { consent })).rejects.toMatchObject({ code: 'STATE_BUSY' });
    expect((await showState(context)).floors[0]?.index).toBe(2 ** 52);
    expect(await repairState(context)).toMatchObject({ actions: [{ type: 'lower-floor' }] });
  });

  it('waits for another run, says for whom, and gives up in time', async () => {
    const { context, put, events } = await createMachine();
    put('.ledger.json.0123456789abcdef.part', 'half');
    await withLock(context.state, { verb: 'upgrade' }, async () => {
      expect((await showState(context)).holder).toMatch(/^upgrade \(process \d+/);
      await expect(repairState({ ...context, lockTimeoutMs: 0 })).rejects.toMatchObject({ code: 'STATE_BUSY' });
    });
    expect((await showState(context)).holder).toBeUndefined();
    expect(events).not.toContainEqual(expect.objectContaining({ type: 'waiting', holder: 'another process' }));
  });

  it('leaves what only an upgrade can mend to it, and says so', async () => {
    const { context, path } = await createMachine();
    rmSync(path('signatures'), { recursive: true });
    const remaining = [{ code: 'signatures-missing', mendedBy: 'upgrade' }];
    expect(await repairState(context)).toMatchObject({ status: 'nothing-to-do', remaining });
    await upgrade(context);
    expect(await showState(context)).toMatchObject({ status: 'healthy' });
  });
});

describe('resetState', () => {
  it('asks first, and an upgrade starts anew', async () => {
    const { context, digest, path } = await createMachine();
    await expect(resetState(context, { consent: decline })).rejects.toMatchObject({ code: 'CONSENT_DECLINED' });
    expect(await resetState(context, { dryRun: true })).toMatchObject({ status: 'planned', releases: 1 });
    expect(readdirSync(path('signatures'))).toHaveLength(1);
    expect(await resetState(context)).toMatchObject({ status: 'reset', releases: 1 });
    expect(readdirSync(path('signatures'))).toEqual([]);
    expect(await resetState(context)).toMatchObject({ status: 'nothing-to-do' });
    expect(await upgrade(context)).toMatchObject({ status: 'installed', image: { digest } });
  });
});
