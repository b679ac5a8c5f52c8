import { builtInPublicRoot, type PublicRoot } from '../trust/public-root.ts';
import { readGuardedFile } from './read-guarded-file.ts';

export const MAX_ROOT_BYTES = 1024 * 1024;

/** A trusted root that was fetched since this version was made, verified just now. */
export interface FetchedRoot {
  readonly trustedRoot: Uint8Array;
  readonly from: string;
  /** When it was what Sigstore said. */
  readonly asOf: Date;
}

export interface PublicRootOptions {
  /** `--trusted-root`: counts in place of the public one, whatever its age. */
  readonly file?: string | undefined;
  /** Asked where no file is given. */
  readonly readFetched?: () => Promise<FetchedRoot | undefined>;
}

/** The public trusted root in force: the user's file, else the newer of what was fetched and what is built in. */
export async function findPublicRoot({ file, readFetched }: PublicRootOptions): Promise<PublicRoot> {
  if (file !== undefined) {
    const bytes = await readGuardedFile(file, { limit: MAX_ROOT_BYTES, what: 'trusted root' });
    return { origin: 'file', from: file, bytes };
  }
  const builtIn = builtInPublicRoot();
  const fetched = await readFetched?.();
  if (!fetched || (builtIn.date && fetched.asOf <= builtIn.date)) return builtIn;
  return { origin: 'updated', from: fetched.from, date: fetched.asOf, bytes: fetched.trustedRoot };
}
