import { nodeStateFs, type StateFacts, type StateFile, type StateFs } from './state-fs.ts';

/** The real disk without its syncs, which cost milliseconds each: a process that dies does not miss them. */
export const unsyncedFs: StateFs = {
  ...nodeStateFs,
  syncFolder: async () => undefined,
  async open(...args) {
    return { ...(await nodeStateFs.open(...args)), sync: async () => undefined };
  },
};

export type Fault = (call: string) => 'go on' | Error;

/** Counts every call, also those on an open file, and lets a test make any of them fail. */
export function withFaults(fs: StateFs, fault: Fault): StateFs {
  const guarded =
    <A extends unknown[], R>(name: string, call: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      const verdict = fault(name);
      if (verdict !== 'go on') throw verdict;
      return call(...args);
    };
  return {
    ...fs,
    lstat: guarded('lstat', (path: string) => fs.lstat(path)),
    mkdir: guarded('mkdir', (path: string, mode: number) => fs.mkdir(path, mode)),
    rename: guarded('rename', (from: string, to: string) => fs.rename(from, to)),
    unlink: guarded('unlink', (path: string) => fs.unlink(path)),
    list: guarded('list', (path: string, limit: number) => fs.list(path, limit)),
    syncFolder: guarded('syncFolder', (path: string) => fs.syncFolder(path)),
    open: guarded('open', async (...args: Parameters<StateFs['open']>) => {
      const file = await fs.open(...args);
      return {
        stat: guarded('stat', () => file.stat()),
        read: guarded('read', (limit: number) => file.read(limit)),
        // Half of the bytes are there when a write fails.
        write: async (bytes: Uint8Array) => {
          const verdict = fault('write');
          await file.write(verdict === 'go on' ? bytes : bytes.subarray(0, bytes.length >> 1));
          if (verdict !== 'go on') throw verdict;
        },
        truncate: guarded('truncate', (length: number) => file.truncate(length)),
        sync: guarded('sync', () => file.sync()),
        close: async () => {
          await file.close(); // the kernel closes it in any case
          const verdict = fault('close');
          if (verdict !== 'go on') throw verdict;
        },
      };
    }),
  };
}

export const systemError = (code: string) => Object.assign(new Error(code), { code });

interface Content {
  bytes: Uint8Array;
  /** What a power cut leaves of it. */
  synced: Uint8Array;
}

/** A disk of which a power cut takes all that was not synced: bytes of files, and names in folders. */
export class CachedDisk implements StateFs {
  readonly uid = 1000;
  #names = new Map<string, Content | 'folder'>([['/', 'folder']]);
  #lasting = new Map(this.#names);

  powerCut(): void {
    this.#names = new Map(this.#lasting);
    for (const content of this.#names.values()) if (content !== 'folder') content.bytes = content.synced;
  }
  async lstat(path: string): Promise<StateFacts> {
    const content = this.#get(path);
    const isFolder = content === 'folder';
    const size = isFolder ? 0 : content.bytes.length;
    return { uid: 1000, mode: 0o600, nlink: 1, size, isFile: () => !isFolder, isDirectory: () => isFolder };
  }
  async mkdir(path: string): Promise<void> {
    this.#names.set(path, 'folder');
  }
  async open(path: string, flags: number): Promise<StateFile> {
    if ((flags & 0o3) !== 0) this.#names.set(path, { bytes: new Uint8Array(), synced: new Uint8Array() });
    const content = this.#get(path) as Content;
    return {
      stat: () => this.lstat(path),
      read: async (limit) => content.bytes.subarray(0, limit),
      write: async (bytes) => {
        content.bytes = bytes;
      },
      truncate: async (length) => {
        content.bytes = content.bytes.subarray(0, length);
      },
      sync: async () => {
        content.synced = content.bytes;
      },
      close: async () => undefined,
    };
  }
  async rename(from: string, to: string): Promise<void> {
    this.#names.set(to, this.#get(from));
    this.#names.delete(from);
  }
  async unlink(path: string): Promise<void> {
    this.#get(path);
    this.#names.delete(path);
  }
  async list(path: string): Promise<readonly string[]> {
    return this.#children(this.#names, path).map((child) => child.slice(path.length + 1));
  }
  async syncFolder(path: string): Promise<void> {
    for (const child of this.#children(this.#lasting, path)) if (!this.#names.has(child)) this.#lasting.delete(child);
    for (const child of this.#children(this.#names, path)) this.#lasting.set(child, this.#get(child));
  }
  #children(names: Map<string, unknown>, path: string): string[] {
    return [...names.keys()].filter(
      (name) => name !== '/' && name.slice(0, Math.max(1, name.lastIndexOf('/'))) === path,
    );
  }
  #get(path: string): Content | 'folder' {
    const content = this.#names.get(path);
    if (content === undefined) throw systemError('ENOENT');
    return content;
  }
}
