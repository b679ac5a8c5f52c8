import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { findProgram } from './find-program.ts';

describe('the program in PATH', () => {
  const found = (platform: NodeJS.Platform, path: string | undefined, files: readonly string[], name = 'podman') =>
    findProgram(name, { platform, env: { PATH: path }, isProgram: async (file) => files.includes(file) });

  it('is the first one of its folders that has it', async () => {
    expect(await found('linux', '/a:/b:/c', ['/b/podman', '/c/podman'])).toBe('/b/podman');
    expect(await found('win32', 'C:\\a;D:/b', ['D:\\b\\podman.exe'], 'podman.exe')).toBe('D:\\b\\podman.exe');
  });

  it.each<[NodeJS.Platform, string | undefined, string]>([
    ['linux', '', 'podman'],
    ['linux', ':/b', 'podman'],
    ['linux', '.:/b', 'podman'],
    ['linux', 'bin:/b', 'bin/podman'],
    ['linux', undefined, 'podman'],
    ['win32', '', 'podman.exe'],
    ['win32', '.;bin', 'bin\\podman.exe'],
    ['win32', '\\bin', '\\bin\\podman.exe'],
    ['win32', 'C:bin', 'C:bin\\podman.exe'],
  ])('bad input 180: is never looked for in the current folder: %s, PATH %j', async (platform, path, file) => {
    expect(await found(platform, path, [file, `./${file}`], file.endsWith('.exe') ? 'podman.exe' : 'podman')).toBe(
      undefined,
    );
  });

  it.skipIf(process.platform === 'win32')('is a file that may be run: a folder or a text is passed over', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'path-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const folders = ['folder', 'text', 'program'].map((name) => join(folder, name));
    for (const path of folders) await mkdir(path);
    await mkdir(join(folder, 'folder', 'podman'));
    for (const name of ['text', 'program']) await writeFile(join(folder, name, 'podman'), '#!/bin/sh\n');
    await chmod(join(folder, 'program', 'podman'), 0o755);
    const env = process.env.PATH;
    onTestFinished(() => {
      process.env.PATH = env;
    });
    process.env.PATH = folders.join(':');
    expect(await findProgram('podman')).toBe(join(folder, 'program', 'podman'));
  });
});
