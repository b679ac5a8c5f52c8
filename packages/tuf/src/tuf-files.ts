/** Files of a TUF repository with consistent snapshots, by their names there: `17.root.json`, `timestamp.json`, …. */
export type TufFiles = ReadonlyMap<string, Uint8Array>;

/** Reads a file by its name in the repository, at most `limit` bytes of it; nothing where it is not there. */
export type ReadTufFile = (name: string, limit: number) => Promise<Uint8Array | undefined>;

/** The target that this is all about, by its path in the repository. */
export const TRUSTED_ROOT = 'trusted_root.json';

/** The one file whose name has no number: it says which are the newest. */
export const TIMESTAMP = 'timestamp.json';

/** Files that are here already, as a repository. */
export function readFrom(files: TufFiles): ReadTufFile {
  return async (name) => files.get(name);
}
