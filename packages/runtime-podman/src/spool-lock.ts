import type { DatabaseSync } from 'node:sqlite';

const SQLITE_BUSY = 5;

/** A database that nothing refers to is closed when memory is cleared up, and with it its lock. */
const held = new Set<DatabaseSync>();

/**
 * Holds a file for as long as this process lives, however it ends: SQLite's lock on an empty database is the operating
 * system's, so there is no process ID to guess about. Undefined where another process, or another call here, has it.
 */
export async function holdFile(path: string): Promise<Disposable | undefined> {
  const { DatabaseSync } = await import('node:sqlite');
  const database: DatabaseSync = new DatabaseSync(path);
  try {
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
    held.add(database);
    return {
      [Symbol.dispose]() {
        held.delete(database);
        database.close();
      },
    };
  } catch (error) {
    database.close();
    // The low byte is the primary result code (sqlite.org/rescode.html).
    if (error instanceof Error && 'errcode' in error && (Number(error.errcode) & 0xff) === SQLITE_BUSY)
      return undefined;
    throw error;
  }
}
