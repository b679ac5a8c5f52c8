import type { FileHandle } from 'node:fs/promises';

const SYNC_EVERY_BYTES = 64 * 1024 * 1024;

/** A file that goes to the disk while more of it comes in: at the end there is little left to wait for. */
export interface SyncedFile {
  write(bytes: Uint8Array, from: number, length: number, at: number): Promise<{ readonly bytesWritten: number }>;
  /** Afterwards all of it is on the disk. Throws also what an earlier sync failed of, for a system tells that once. */
  sync(): Promise<void>;
}

export function syncedFile(file: Pick<FileHandle, 'write' | 'datasync' | 'sync'>): SyncedFile {
  let unsynced = 0;
  let syncing: Promise<void> | undefined;
  let failure: { readonly error: unknown } | undefined;
  const syncMeanwhile = async (): Promise<void> => {
    try {
      await file.datasync();
    } catch (error) {
      failure ??= { error };
    }
    syncing = undefined;
  };
  return {
    async write(bytes, from, length, at) {
      if (failure) throw failure.error;
      const written = await file.write(bytes, from, length, at);
      unsynced += written.bytesWritten;
      if (!syncing && unsynced >= SYNC_EVERY_BYTES) {
        unsynced = 0;
        syncing = syncMeanwhile();
      }
      return written;
    },
    async sync() {
      await syncing;
      if (failure) throw failure.error;
      await file.sync();
    },
  };
}
