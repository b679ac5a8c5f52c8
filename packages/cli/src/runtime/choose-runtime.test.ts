import type { ProgressEvent } from '@dangerzone-image/core';
import { describe, expect, it } from 'vitest';
import { chooseRuntime, type RuntimeWish } from './choose-runtime.ts';
import { type FixturePlugin, fixtureHost, workingAdapter } from './fixture-host.test-support.ts';
import { runtimeProviders } from './runtime-providers.ts';

const adapter = (name: string, code = workingAdapter): FixturePlugin => ({
  name: `@bundled/${name}`,
  runtimes: [name],
  isListed: true,
  code: code.replace("name: 'fixture'", `name: '${name}'`),
});
const silent = workingAdapter.replace('info: nothing', "info: async () => { throw new Error('no socket'); }");

async function choose(name: string | undefined, ...fixtures: FixturePlugin[]) {
  return chooseBy('flag', name, ...fixtures);
}

async function chooseBy(origin: RuntimeWish['origin'], name: string | undefined, ...fixtures: FixturePlugin[]) {
  const { plugins, host } = await fixtureHost(fixtures);
  const events: ProgressEvent[] = [];
  const wish = { name, origin, options: {} };
  const runtime = await chooseRuntime(wish, runtimeProviders(plugins, host), (event) => events.push(event));
  return { name: runtime.name, events };
}

describe('chooseRuntime', () => {
  it('takes the one that was named, and asks no other', async () => {
    expect((await choose('docker', adapter('podman'), adapter('docker'))).name).toBe('docker');
  });

  it('takes the first of its own list that answers, in whatever order they were found', async () => {
    expect((await choose(undefined, adapter('docker'), adapter('podman'))).name).toBe('podman');
    expect((await choose(undefined, adapter('docker'), adapter('podman', silent))).name).toBe('docker');
  });

  it('takes the one that the profile used last before it looks for others', async () => {
    expect((await chooseBy('memory', 'docker', adapter('podman'), adapter('docker'))).name).toBe('docker');
  });

  it('never runs foreign code because of what it remembers', async () => {
    const foreign = { name: 'foreign-lima', runtimes: ['lima'] };
    expect((await chooseBy('memory', 'lima', adapter('podman'), foreign)).name).toBe('podman');
    expect((await chooseBy('settings', 'lima', adapter('podman'), foreign)).name).toBe('fixture');
  });

  it('never takes one that is not on its list unasked', async () => {
    await expect(choose(undefined, adapter('oci-layout'))).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
  });

  it('lists the reason of each when none answers', async () => {
    await expect(choose(undefined, adapter('podman', silent))).rejects.toMatchObject({
      code: 'RUNTIME_UNAVAILABLE',
      details: { runtimes: [{ name: 'podman', reason: 'no socket' }, { name: 'docker-desktop' }, { name: 'docker' }] },
    });
  });

  it('announces a runtime that is not part of this tool', async () => {
    const { events } = await choose('lima', { name: 'foreign-lima', runtimes: ['lima'] });
    expect(events).toContainEqual({ type: 'notice', message: expect.stringContaining('"foreign-lima"') });
  });
});
