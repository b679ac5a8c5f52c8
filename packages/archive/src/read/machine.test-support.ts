import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  codeOf,
  type ErrorCode,
  hostPlatform,
  inspectArchive,
  loadArchive,
  type Platform,
  parsePublicKey,
  pinnedLog,
} from '@dangerzone-image/core';
import { createTestSigner, memoryRuntime, testProfile } from '@dangerzone-image/core/testing';
import { onTestFinished } from 'vitest';
import { openArchive } from './open-archive.ts';

export const IMAGE = 'registry.example.org/team/sandbox';
export const signer = createTestSigner({ image: IMAGE });

/** What a refusal leaves: a line in the journal, and the lock under which it was written. */
const RECORD = /^state(?:\/(?:journal(?:\/\d+\.jsonl)?|ledger\.lock))?$/;

export const profile = testProfile({
  image: IMAGE,
  keys: [parsePublicKey(Buffer.from(signer.publicKeyPem), 'key')],
  threshold: 1,
  logs: [pinnedLog(parsePublicKey(Buffer.from(signer.logPublicKeyPem), 'log'))],
});

export interface Attempt {
  /** Undefined where it was installed. */
  readonly code: ErrorCode | undefined;
  readonly message: string;
  /** What `inspect-archive` said before. */
  readonly inspected: ErrorCode | undefined;
  /** What the engine was asked, in order. */
  readonly calls: readonly string[];
  /** Config digests that it has afterwards. */
  readonly installed: readonly string[];
  /** Files of the machine afterwards, the archive itself left out. */
  readonly files: readonly string[];
}

export interface Circumstances {
  /** Of the engine. */
  readonly platform?: Platform;
  /** What happens to the file once it is open. */
  readonly afterOpen?: (path: string) => Promise<void>;
  /** What happens to it when all was verified, and the engine is about to be handed the image. */
  readonly beforeLoad?: (path: string) => Promise<void>;
}

/** A folder that goes when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'archive-machine-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A machine of its own on which an archive is opened and loaded, as `load-archive` does it. */
export async function loadOn(
  bytes: Uint8Array,
  { platform = hostPlatform(), afterOpen, beforeLoad }: Circumstances = {},
): Promise<Attempt> {
  const folder = await temporaryFolder();
  const path = join(folder, 'image.tar');
  await writeFile(path, bytes);
  const state = { path: join(folder, 'state') };
  const inspection = await inspectArchive({ profile, state, open: () => openArchive(path), platform });
  const calls: string[] = [];
  const info = { version: '1', store: 'memory', endpoint: 'memory', isRemote: false, platform };
  const memory = memoryRuntime({ info: async () => info });
  const runtime = new Proxy(memory, {
    get(target, name: keyof typeof memory) {
      const value = target[name];
      if (typeof value !== 'function') return value;
      return async (...args: unknown[]) => {
        calls.push(name);
        if (name === 'load') await beforeLoad?.(path);
        return (value as (...args: unknown[]) => unknown).apply(target, args);
      };
    },
  });
  let refusal: unknown;
  try {
    const source = await openArchive(path);
    try {
      await afterOpen?.(path);
      await loadArchive({ profile, state, runtime, source });
    } finally {
      await source.close();
    }
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    refusal = error;
  }
  // That it was refused is recorded; nothing of the archive itself may be left.
  const files = (await readdir(folder, { recursive: true })).filter(
    (name) => !name.endsWith('.tar') && !RECORD.test(name),
  );
  return {
    code: codeOf(refusal),
    message: refusal instanceof Error ? refusal.message : '',
    inspected: inspection.reason?.code,
    calls,
    installed: memory.all().map(({ id }) => id),
    files,
  };
}
