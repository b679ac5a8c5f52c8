import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { syncedFile } from './synced-file.ts';

const MiB = 1024 * 1024;

/** A file whose meanwhile syncs end when the test says so. */
function createFile() {
  const syncs: PromiseWithResolvers<void>[] = [];
  const calls: string[] = [];
  const file = syncedFile({
    write: (async (_bytes: unknown, _from: number, length: number) => ({ bytesWritten: length })) as never,
    datasync() {
      calls.push('datasync');
      const sync = Promise.withResolvers<void>();
      syncs.push(sync);
      return sync.promise;
    },
    async sync() {
      calls.push('sync');
    },
  });
  const write = (mebibytes: number) => file.write(new Uint8Array(), 0, mebibytes * MiB, 0);
  return { file, write, syncs, calls };
}

describe('syncedFile', () => {
  it('begins to sync while bytes still come, one sync at a time, and waits for none of them', async () => {
    const { write, calls, syncs } = createFile();
    await write(63);
    expect(calls).toEqual([]);
    await write(1);
    await write(100);
    expect(calls).toEqual(['datasync']);
    syncs[0]?.resolve();
    await setImmediate();
    await write(1);
    expect(calls).toEqual(['datasync', 'datasync']);
  });

  it('is synced when the last sync has ended, and after those before it', async () => {
    const { file, write, calls, syncs } = createFile();
    await write(64);
    const synced = file.sync();
    await Promise.resolve();
    expect(calls).toEqual(['datasync']);
    syncs[0]?.resolve();
    await synced;
    expect(calls).toEqual(['datasync', 'sync']);
  });

  it('fails with what an early sync failed of: the system says it once, and the bytes are lost', async () => {
    const { file, write, syncs } = createFile();
    await write(64);
    const failure = Object.assign(new Error('EIO'), { code: 'EIO' });
    syncs[0]?.reject(failure);
    await expect(file.sync()).rejects.toBe(failure);
    await expect(write(1)).rejects.toBe(failure);
  });
});
