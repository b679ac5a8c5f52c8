import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** What earlier jobs left to be written would be written during the next one, at its cost. */
export async function settleDisk(): Promise<void> {
  if (process.platform !== 'win32') await promisify(execFile)('sync');
}
