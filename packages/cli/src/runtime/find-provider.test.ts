import { type CodedError, codeOf } from '@dangerzone-image/core/errors';
import { describe, expect, it } from 'vitest';
import { createRuntime } from './create-runtime.ts';
import { findProvider } from './find-provider.ts';
import { type FixturePlugin, fixtureHost } from './fixture-host.test-support.ts';
import { runtimeProviders } from './runtime-providers.ts';

const bundled: FixturePlugin = { name: '@bundled/layout', runtimes: ['oci-layout'], isListed: true };
const foreign: FixturePlugin = { name: 'foreign-lima', runtimes: ['lima'] };

async function providersOf(...fixtures: FixturePlugin[]) {
  const { plugins, host } = await fixtureHost(fixtures);
  return runtimeProviders(plugins, host);
}

async function start(name: string, options: Record<string, string>, ...fixtures: FixturePlugin[]) {
  return createRuntime(findProvider(name, await providersOf(...fixtures)), options);
}

describe('runtimeProviders', () => {
  it('reads names from metadata, without running a line of any adapter', async () => {
    const trap: FixturePlugin = {
      ...foreign,
      code: 'globalThis.canary = true; export const createRuntime = () => {};',
    };
    const providers = await providersOf(bundled, trap);
    expect(providers.map(({ runtime, plugin, isBundled }) => [runtime, plugin, isBundled]).sort()).toEqual([
      ['lima', 'foreign-lima', false],
      ['oci-layout', '@bundled/layout', true],
    ]);
    expect(globalThis).not.toHaveProperty('canary');
  });

  it('takes a package of a bundled name in another folder for what it is', async () => {
    const { plugins, host } = await fixtureHost([bundled]);
    const { plugins: strangers } = await fixtureHost([{ ...bundled, isListed: false }]);
    const stranger = strangers.filter(({ name }) => name === bundled.name);
    expect(runtimeProviders(plugins, host).map(({ isBundled }) => isBundled)).toEqual([true]);
    expect(runtimeProviders(stranger, host).map(({ isBundled }) => isBundled)).toEqual([false]);
  });
});

describe('findProvider and createRuntime', () => {
  it('hands the adapter its own options and nothing of oclif', async () => {
    expect(await start('oci-layout', { path: 'x' }, bundled, foreign)).toMatchObject({
      name: 'fixture',
      options: { path: 'x' },
    });
  });

  it('starts a third-party runtime that was named', async () => {
    expect(await start('lima', {}, bundled, foreign)).toMatchObject({ name: 'fixture' });
  });

  it('loads the chosen adapter only', async () => {
    const trap: FixturePlugin = { ...foreign, code: 'throw new Error("loaded");' };
    await expect(start('oci-layout', {}, bundled, trap)).resolves.toBeDefined();
  });

  const throwing = 'export const createRuntime = () => { throw new TypeError("broken"); };';
  it.each<[string, string, string, FixturePlugin[]]>([
    ['no plugin provides it', 'RUNTIME_UNKNOWN', 'podmna', [bundled]],
    ['the name is one of Object’s own', 'RUNTIME_UNKNOWN', 'constructor', [bundled]],
    ['two plugins provide it', 'USAGE', 'lima', [foreign, { ...foreign, name: 'other-lima' }]],
    [
      'a third-party package claims a bundled name beside the bundled one',
      'USAGE',
      'oci-layout',
      [bundled, { ...foreign, runtimes: ['oci-layout'] }],
    ],
    [
      'a third-party package claims a bundled name alone',
      'USAGE',
      'oci-layout',
      [{ ...foreign, runtimes: ['oci-layout'] }],
    ],
    [
      'a third-party package claims a name that a later version bundles',
      'USAGE',
      'podman',
      [{ ...foreign, runtimes: ['podman'] }],
    ],
    ['the export is missing', 'RUNTIME_FAILED', 'lima', [{ ...foreign, code: 'export const createruntime = 1;' }]],
    ['the export is no function', 'RUNTIME_FAILED', 'lima', [{ ...foreign, code: 'export const createRuntime = {};' }]],
    ['the file cannot be parsed', 'RUNTIME_FAILED', 'lima', [{ ...foreign, code: 'export const' }]],
    ['the file throws', 'RUNTIME_FAILED', 'lima', [{ ...foreign, code: 'throw new Error("x");' }]],
    ['the factory throws', 'RUNTIME_FAILED', 'lima', [{ ...foreign, code: throwing }]],
    [
      'the factory makes no runtime',
      'RUNTIME_FAILED',
      'lima',
      [{ ...foreign, code: 'export const createRuntime = () => ({ name: "x" });' }],
    ],
  ])('refuses when %s', async (_, code, name, fixtures) => {
    const error = await start(name, {}, ...fixtures).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(codeOf(error)).toBe(code);
    expect((error as CodedError).suggestions).not.toEqual([]);
  });

  it('tells an export that is missing from a factory that fails', async () => {
    const missing = start('lima', {}, { ...foreign, code: 'export const createruntime = 1;' });
    await expect(missing).rejects.toSatisfy((error: CodedError) => error.cause === undefined);
    const failing = start('lima', {}, { ...foreign, code: throwing });
    await expect(failing).rejects.toMatchObject({ cause: { message: 'broken' } });
  });

  it('leaves an adapter’s own refusal as it is', async () => {
    const code =
      'export const createRuntime = () => { throw Object.assign(new Error("no such option"), { code: "USAGE" }); };';
    await expect(start('lima', {}, { ...foreign, code })).rejects.toMatchObject({
      code: 'USAGE',
      message: 'no such option',
    });
  });

  it('names the plugins of an ambiguous runtime', async () => {
    const error = start('lima', {}, foreign, { ...foreign, name: 'other-lima' });
    await expect(error).rejects.toMatchObject({
      details: { plugins: expect.arrayContaining(['foreign-lima', 'other-lima']) },
    });
  });
});
