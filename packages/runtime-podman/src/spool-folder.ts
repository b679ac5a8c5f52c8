import { lstat, mkdtemp, readdir, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { holdFile } from './spool-lock.ts';

const PREFIX = 'dangerzone-image-spool-';
/** mkdtemp's own pattern: six letters and digits after the prefix. */
const NAME = new RegExp(`^${PREFIX}[A-Za-z0-9]{6}$`);
const LOCK = 'lock';
const MAX_TRIES = 10;

/** On Linux where Podman itself would spool, for /tmp is often too small for an image. */
export function spoolParent(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform = process.platform,
): string {
  return env.TMPDIR || (platform === 'linux' ? '/var/tmp' : tmpdir());
}

/** Room for content of so many bytes, and for the copy that Podman makes of it. */
export async function hasRoomFor(bytes: number, parent = spoolParent()): Promise<boolean> {
  const facts = await statfs(parent).catch(() => undefined);
  return facts !== undefined && facts.bavail * facts.bsize >= 2 * bytes;
}

export interface SpoolOptions {
  readonly parent?: string;
  /** Whether the folder has something in it that must be seen to before it may go. */
  readonly isNeeded?: (folder: string) => Promise<boolean>;
}

/** A private folder for one call, held by a lock meanwhile: when this process is killed, a later one may clear it. */
export async function withSpoolFolder<T>(work: (folder: string) => Promise<T>, options?: SpoolOptions): Promise<T> {
  await using spool = await holdSpoolFolder(options);
  return await work(spool.folder);
}

/** The same for as long as it is not disposed of. */
export async function holdSpoolFolder({
  parent = spoolParent(),
  isNeeded = async () => false,
}: SpoolOptions = {}): Promise<AsyncDisposable & { readonly folder: string }> {
  const { folder, held } = await makeHeld(parent);
  return {
    folder,
    async [Symbol.asyncDispose]() {
      const stays = await isNeeded(folder);
      held[Symbol.dispose]();
      // Another run may take it for a left-over in this moment, and clear it too; what stays, a later one clears.
      if (!stays) await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    },
  };
}

/** Between the making and the lock, another run may take a new folder for a left-over: then another one is made. */
async function makeHeld(parent: string): Promise<{ folder: string; held: Disposable }> {
  for (let tries = 1; ; tries++) {
    const folder = await mkdtemp(join(parent, PREFIX));
    const held = await holdFile(join(folder, LOCK)).catch((error: unknown) => {
      if (tries >= MAX_TRIES) throw error;
      return undefined;
    });
    if (held && (await isOwnFolder(folder))) return { folder, held };
    held?.[Symbol.dispose]();
  }
}

/**
 * Clears folders of runs that were killed: of this user, with a name of ours, private, and held by nobody. `mayGo` sees
 * to what is in one first. What cannot be cleared stays for next time: it is no reason to stop.
 */
export async function sweepSpoolFolders(
  mayGo: (folder: string) => Promise<boolean>,
  parent = spoolParent(),
): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names.filter((listed) => NAME.test(listed))) {
    const folder = join(parent, name);
    await sweep(folder, mayGo).catch(() => undefined);
  }
}

async function sweep(folder: string, mayGo: (folder: string) => Promise<boolean>): Promise<void> {
  if (!(await isOwnFolder(folder))) return;
  using held = await holdFile(join(folder, LOCK));
  // Removed while it is held: whoever made it a moment ago would else find it held by nobody and use it.
  if (held && (await mayGo(folder))) await rm(folder, { recursive: true, force: true });
}

/** Not a link, and nobody else can have put anything into it. Windows has a folder for each user's temporary files. */
async function isOwnFolder(folder: string): Promise<boolean> {
  const facts = await lstat(folder).catch(() => undefined);
  if (!facts?.isDirectory()) return false;
  const user = process.getuid?.();
  return user === undefined || (facts.uid === user && (facts.mode & 0o077) === 0);
}
