import { expect, it } from 'vitest';
import type { ContainerRuntime, LocalImage } from '../runtime/container-runtime.ts';
import { claimsChain } from '../runtime/match-image.ts';
import { SavedImage } from '../runtime/saved-image.ts';
import { createVerifiedStream } from '../runtime/verified-stream.ts';
import type { VerifiedImage } from '../verify/verified-image.ts';
import { memorySource } from './memory-source.ts';
import type { TestImage, TestImageOptions } from './test-image.ts';

export interface TestRelease {
  readonly test: TestImage;
  readonly verified: VerifiedImage;
}

/** What the tests of the contract work with; `runtime` is another one in each test. */
export interface ContractTools {
  readonly runtime: ContainerRuntime;
  readonly repository: string;
  release(seed: string, layers?: TestImageOptions['layers']): TestRelease;
  load(release: TestRelease, name?: string): Promise<LocalImage>;
  named(name: string): Promise<LocalImage | undefined>;
}

/** Of the contract, what a runtime may leave out. */
export function describeOptionalMembers(tools: ContractTools): void {
  const { repository, release, load, named } = tools;
  const STAGED = 'localhost/dangerzone-image/staged:latest';
  const stage = ({ test, verified }: TestRelease, change?: Parameters<typeof memorySource>[1]) =>
    tools.runtime.stage?.(createVerifiedStream(verified, memorySource([test], change), repository), { name: STAGED });

  it('loads what was staged when its source is gone, and nothing before', async () => {
    const one = release('one');
    let isGone = false;
    const staged = await stage(one, (_, bytes) => (isGone ? Buffer.alloc(0) : bytes));
    if (!staged) return;
    isGone = true;
    expect(await named(STAGED)).toBeUndefined();
    const loaded = await staged.load();
    await staged[Symbol.asyncDispose]();
    expect(loaded.names).toEqual([STAGED]);
    const found = await named(STAGED);
    expect(found && claimsChain(found, one.verified)).toBe(true);
  });

  it('stages nothing of a stream that breaks off', async () => {
    const staging = stage(release('one'), (_, bytes) => bytes.subarray(1));
    if (staging) await expect(staging).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(await named(STAGED)).toBeUndefined();
  });

  it('gives its own copy back, where it can, with exactly the bytes of every layer and of the config', async () => {
    const { runtime } = tools;
    if (!runtime.save) return;
    const twice = release('twice', [{ first: '1' }, { second: '2' }, { first: '1' }]);
    const loaded = await load(twice);
    const saved = new SavedImage();
    await saved.read(runtime.save(loaded));
    const parts = saved.parts(twice.verified.manifest.digest);
    expect(parts.config?.digest).toBe(twice.verified.config.digest);
    expect(parts.layers.map((part) => part?.unpacked ?? part?.digest)).toEqual(twice.verified.config.diffIds);
  });

  it('ends an export that nobody reads on', async () => {
    const { runtime } = tools;
    const loaded = await load(release('one'));
    for await (const chunk of runtime.save?.(loaded) ?? []) if (chunk) break;
    const stop = AbortSignal.abort(new Error('stopped'));
    const read = async () => {
      for await (const chunk of runtime.save?.(loaded, { signal: stop }) ?? []) expect(chunk).toBeUndefined();
    };
    if (runtime.save) await expect(read()).rejects.toThrow('stopped');
  });

  it('gives back no image that it does not have', async () => {
    const { runtime } = tools;
    if (!runtime.save) return;
    const gone = await load(release('one'));
    await runtime.remove(gone);
    const read = async () => {
      for await (const chunk of runtime.save?.(gone) ?? []) void chunk;
    };
    await expect(read()).rejects.toMatchObject({ code: 'RUNTIME_FAILED' });
  });
}
