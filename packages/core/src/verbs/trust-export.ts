import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { systemCode } from '../ledger/state-fault.ts';
import { createStateFs } from '../ledger/state-fs.ts';
import { namePublicRoot, type PublicRoot } from '../trust/public-root.ts';
import { parseTrustedRoot } from '../trust/trusted-root.ts';

export interface TrustExportResult extends Pick<PublicRoot, 'from' | 'date'> {
  readonly verb: 'trust export';
  readonly status: 'exported';
  readonly origin: PublicRoot['origin'];
  readonly file: string;
  readonly bytes: number;
}

/** Writes the trusted root in force to a new file: all of it under its name, or nothing. */
export async function exportTrust(publicRoot: PublicRoot, file: string): Promise<TrustExportResult> {
  const { origin, from, date, bytes } = publicRoot;
  parseTrustedRoot(bytes, namePublicRoot(publicRoot));
  await requireFree(file);
  await writeNew(file, bytes).catch((error) => Promise.reject(exportFault(error, file)));
  return { verb: 'trust export', status: 'exported', origin, from, ...(date && { date }), file, bytes: bytes.length };
}

/** What others may read of it, they may know anyway. */
const MODE = 0o644;
const FLAGS = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);

async function writeNew(path: string, bytes: Uint8Array): Promise<void> {
  const part = join(dirname(path), `.${basename(path)}.${randomBytes(8).toString('hex')}.part`);
  const file = await open(part, FLAGS, MODE);
  try {
    await file.writeFile(bytes);
    await file.sync();
    await file.close();
    await rename(part, path);
    await createStateFs().syncFolder(dirname(path));
  } catch (error) {
    await file.close().catch(() => undefined);
    await unlink(part).catch(() => undefined); // the first failure is the one to tell
    throw error;
  }
}

/** A trusted root is not put in the place of something else, nor beyond a link. */
async function requireFree(path: string): Promise<void> {
  const isThere = await lstat(path).then(
    () => true,
    (error) => {
      if (systemCode(error) === 'ENOENT') return false;
      throw exportFault(error, path);
    },
  );
  if (!isThere) return;
  throw new CodedError('USAGE', `cannot write ${printable(path)}: it is there already`, {
    suggestions: ['Move it away, or name another file.'],
  });
}

function exportFault(error: unknown, path: string): unknown {
  const code = systemCode(error);
  if (code === undefined) return error;
  const isFull = code === 'ENOSPC' || code === 'EDQUOT';
  return new CodedError(isFull ? 'DISK_FULL' : 'USAGE', `cannot write ${printable(path)}: ${code}`, {
    suggestions: [isFull ? 'Free some space.' : 'Name a file in a folder that is there and where you may write.'],
    cause: error,
  });
}
