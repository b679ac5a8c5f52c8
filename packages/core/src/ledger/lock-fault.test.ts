import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';
import { lockFault } from './lock-fault.ts';

/** As SQLite reports it. */
function fullDatabase(): unknown {
  const database = new DatabaseSync(':memory:');
  try {
    return database.exec('PRAGMA max_page_count = 1; CREATE TABLE a (b); CREATE TABLE c (d)');
  } catch (error) {
    return error;
  } finally {
    database.close();
  }
}

it('a lock on a full disk asks for space, and not for the lock file to be removed', () => {
  expect(lockFault('/state/ledger.lock', fullDatabase())).toMatchObject({
    code: 'DISK_FULL',
    message: expect.stringContaining('/state/ledger.lock'),
    suggestions: [expect.stringMatching(/^Free some space/)],
  });
  expect(lockFault('/state/ledger.lock', new Error('file is not a database'))).toMatchObject({
    code: 'STATE_INVALID',
    suggestions: [expect.stringMatching(/^Remove/)],
  });
});
