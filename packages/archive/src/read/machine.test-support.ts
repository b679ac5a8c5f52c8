import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  codeOf,
  type ErrorCode,
  loadArchive,
  type Platform,
  type Profile,
  parsePublicKey,
  pinnedLog,
} from '@dangerzone-image/core';
import { createTestSigner, memoryRuntime } from '@dangerzone-image/core/testing';
import { onTestFinished } from 'vitest';
import { openArchive } from './open-archive.ts';

export const IMAGE = 'registry.example.org/team/sandbox';
export const signer = createTestSigner({ image: IMAGE });

const profile: Profile = {
  name: 'test',
  isBuiltIn: false,
  image: IMAGE,
  tag: 'latest',
  trust: {
    image: IMAGE,
    keys: [parsePublicKey(Buffer.from(signer.publicKeyPem), 'key')],
    threshold: 1,
    logs: [pinnedLog(parsePublicKey(Buffer.from(signer.logPublicKeyPem), 'log'))],
  },
  floor: {},
  freshnessDays: 60,
  mirrors: [],
  replacedLogs: [],
  notices: [],
};

export interface Attempt {
  /** Undefined where it was installed. */
  readonly code: ErrorCode | undefined;
  readonly message: string;
  /** What the engine was asked, in order. */
  readonly calls: readonly string[];
  /** Config digests that it has afterwards. */
  readonly installed: readonly string[];
  /** Files of the machine afterwards, the archive itself left out. */
  readonly files: readonly string[];
}

/** A machine of its own on which an archive is opened and loaded, as `load-archive` does it. */
export async function loadOn(bytes: Uint8Array, platform?: Platform): Promise<Attempt> {
  const folder = await mkdtemp(join(tmpdir(), 'archive-machine-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'image.tar');
  await writeFile(path, bytes);
  const calls: string[] = [];
  const info = { version: '1', store: 'memory', endpoint: 'memory', isRemote: false };
  const memory = memoryRuntime(platform ? { info: async () => ({ ...info, platform }) } : {});
  const runtime = new Proxy(memory, {
    get(target, name: keyof typeof memory) {
      const value = target[name];
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        calls.push(name);
        return (value as (...args: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  const outcome = { code: undefined as ErrorCode | undefined, message: '' };
  try {
    const source = await openArchive(path);
    try {
      await loadArchive({ profile, state: { path: join(folder, 'state') }, runtime, source });
    } finally {
      await source.close();
    }
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    Object.assign(outcome, { code, message: (error as Error).message });
  }
  const files = (await readdir(folder, { recursive: true })).filter((name) => name !== 'image.tar');
  return { ...outcome, calls, installed: memory.all().map(({ id }) => id), files };
}
