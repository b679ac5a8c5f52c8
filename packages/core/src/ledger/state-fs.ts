import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, opendir, rename, unlink } from 'node:fs/promises';

/** The calls with which state is read and written; a parameter, so that tests can make each of them fail. */
export interface StateFs {
  /** Whose files are trusted besides root's; absent where the platform has no such number (Windows). */
  readonly uid?: number;
  lstat(path: string): Promise<StateFacts>;
  /** With parents; no error when it is there. */
  mkdir(path: string, mode: number): Promise<void>;
  open(path: string, flags: number, mode?: number): Promise<StateFile>;
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  /** Names in a folder, at most `limit` of them. */
  list(path: string, limit: number): Promise<readonly string[]>;
  /** Makes the names in a folder last through a power cut. */
  syncFolder(path: string): Promise<void>;
}

export interface StateFile {
  stat(): Promise<StateFacts>;
  /** At most `limit` bytes from the start. */
  read(limit: number): Promise<Uint8Array>;
  /** From the start, or after the end where it was opened with O_APPEND. */
  write(bytes: Uint8Array): Promise<void>;
  /** Cuts off what comes after `length` bytes. */
  truncate(length: number): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface StateFacts {
  readonly uid: number;
  readonly mode: number;
  readonly nlink: number;
  readonly size: number;
  isFile(): boolean;
  isDirectory(): boolean;
}

export function createStateFs(platform: NodeJS.Platform = process.platform): StateFs {
  const uid = platform === 'win32' ? undefined : process.getuid?.();
  return {
    ...(uid !== undefined && { uid }),
    lstat,
    rename,
    unlink,
    async mkdir(path, mode) {
      await mkdir(path, { recursive: true, mode });
    },
    async open(path, flags, mode) {
      return toStateFile(await open(path, flags, mode));
    },
    async list(path, limit) {
      const names: string[] = [];
      for await (const entry of await opendir(path)) {
        if (names.length === limit) break;
        names.push(entry.name);
      }
      return names;
    },
    async syncFolder(path) {
      if (platform === 'win32') return; // a folder cannot be opened there; NTFS journals its names
      const folder = await open(path, constants.O_RDONLY);
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    },
  };
}

function toStateFile(handle: FileHandle): StateFile {
  return {
    stat: () => handle.stat(),
    sync: () => handle.sync(),
    close: () => handle.close(),
    write: (bytes) => handle.writeFile(bytes),
    truncate: (length) => handle.truncate(length),
    async read(limit) {
      const buffer = Buffer.alloc(limit);
      let length = 0;
      while (length < limit) {
        const { bytesRead } = await handle.read(buffer, length, limit - length, length);
        if (bytesRead === 0) break;
        length += bytesRead;
      }
      return buffer.subarray(0, length);
    },
  };
}

export const nodeStateFs: StateFs = createStateFs();
