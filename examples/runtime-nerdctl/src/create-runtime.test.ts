import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVerifiedStream, digestOf, formatPlatform, hostPlatform } from '@dangerzone-image/core';
import { buildTestImage, memorySource, verifiedTestImage } from '@dangerzone-image/core/testing';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { createRuntime } from './create-runtime.ts';

const NAME = 'registry.example.org/team/sandbox';
const HERE = formatPlatform(hostPlatform());
const OTHER = HERE === 'linux/s390x' ? 'linux/amd64' : 'linux/s390x';
const [one, two] = [digestOf(Buffer.from('one')), digestOf(Buffer.from('two'))];

/** A stand-in in PATH: it writes down how it was called, and answers with what a nerdctl 2.2 answered. */
async function standIn(answers: { readonly images?: readonly object[]; readonly info?: object } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'stand-in-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [calls, spool] = [join(folder, 'calls'), join(folder, 'spool')];
  await mkdir(spool);
  await writeFile(calls, '');
  const printed = {
    images: (answers.images ?? []).map((row) => JSON.stringify(row)).join('\n'),
    info: JSON.stringify(answers.info ?? {}),
  };
  const script = `#!${process.execPath}
    const { appendFileSync } = require('node:fs');
    const words = process.argv.slice(2);
    appendFileSync(${JSON.stringify(calls)}, JSON.stringify(words) + '\\n');
    console.log(${JSON.stringify(printed)}[words.find((word) => !word.startsWith('--'))] ?? '');`;
  await writeFile(join(folder, 'nerdctl'), script, { mode: 0o700 });
  vi.stubEnv('PATH', folder);
  vi.stubEnv('TMPDIR', spool);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  return {
    spooled: () => readdir(spool),
    calls: async () =>
      (await readFile(calls, 'utf8'))
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
  };
}

const row = (Name: string, Digest: string, Platform = HERE) => ({ Name, Digest, ID: Digest, Platform, Tag: 'x' });
const LIST = ['images', '--no-trunc', '--format', '{{json .}}'];

describe.skipIf(process.platform === 'win32')('how nerdctl is called, and read', () => {
  it('an image is what has one digest, under all its names of the repository, and nobody else’s', async () => {
    const images = [
      row(`${NAME}:latest`, one),
      row(`${NAME}:old`, one),
      row(`${NAME}@${one}`, one),
      row(`${NAME}:two`, two),
      row(`${NAME}-other:latest`, two),
      row(`${NAME}/below:latest`, two),
    ];
    const { calls } = await standIn({ images });
    expect(await createRuntime({ namespace: 'work' }).images(NAME)).toEqual([
      { id: one, digests: [one], names: [`${NAME}:latest`, `${NAME}:old`] },
      { id: two, digests: [two], names: [`${NAME}:two`] },
    ]);
    expect(await calls()).toEqual([['--namespace=work', ...LIST]]);
  });

  it('leaves out an image that is here for another platform only', async () => {
    await standIn({
      images: [row(`${NAME}:latest`, one, OTHER), row(`${NAME}:two`, two, OTHER), row(`${NAME}:two`, two)],
    });
    expect(await createRuntime({}).images(NAME)).toEqual([{ id: two, digests: [two], names: [`${NAME}:two`] }]);
  });

  it('reads of `info` what it needs', async () => {
    const info = { ServerVersion: '2.2.0', Driver: 'overlayfs', SecurityOptions: ['name=seccomp', 'name=rootless'] };
    await standIn({ info });
    expect(await createRuntime({ address: '/run/x.sock' }).info()).toEqual({
      version: '2.2.0',
      platform: hostPlatform(),
      store: 'overlayfs',
      endpoint: '/run/x.sock',
      isRemote: false,
      isRootless: true,
    });
  });

  it('loads from a file of its own, and leaves nothing of it', async () => {
    const { calls, spooled } = await standIn();
    const image = buildTestImage({ created: '2026-01-02T03:04:05Z' });
    const verified = verifiedTestImage(image, NAME, hostPlatform());
    await createRuntime({}).load(createVerifiedStream(verified, memorySource([image]), NAME), {
      name: `${NAME}:latest`,
    });
    const load = ['load', '--quiet', `--platform=${HERE}`, expect.stringMatching(/^--input=.*image\.tar$/)];
    expect(await calls()).toEqual([load, LIST]);
    expect(await spooled()).toEqual([]);
  });

  it('never starts for an image with a wrong blob', async () => {
    const { calls, spooled } = await standIn();
    const image = buildTestImage({ created: '2026-01-02T03:04:05Z' });
    const verified = verifiedTestImage(image, NAME, hostPlatform());
    const source = memorySource([image], (_, bytes) => Buffer.alloc(bytes.length));
    const load = createRuntime({}).load(createVerifiedStream(verified, source, NAME), { name: `${NAME}:latest` });
    await expect(load).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(await calls()).toEqual([]);
    expect(await spooled()).toEqual([]);
  });

  it('takes off names that are still the image’s own, without force, and no other', async () => {
    const { calls } = await standIn({ images: [row(`${NAME}:latest`, one), row(`${NAME}:old`, two)] });
    const names = [`${NAME}:latest`, `${NAME}:old`, `${NAME}:gone`];
    await createRuntime({}).remove({ id: one, digests: [one], names });
    expect((await calls()).slice(1)).toEqual([['rmi', '--', `${NAME}:latest`]]);
  });

  it('names follow `--`', async () => {
    const { calls } = await standIn();
    await createRuntime({}).tag({ id: one, digests: [], names: [] }, `${NAME}:new`);
    expect(await calls()).toEqual([['tag', '--', one, `${NAME}:new`]]);
  });

  it('is unavailable where it is not installed', async () => {
    vi.stubEnv('PATH', '');
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    await expect(createRuntime({}).info()).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
  });

  it.each([{ colour: 'red' }, { address: '' }])('refuses options it does not know: %j', (options) => {
    expect(() => createRuntime(options as Record<string, string>)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});
