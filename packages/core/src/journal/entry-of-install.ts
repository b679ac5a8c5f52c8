import type { Release } from '../ledger/release.ts';
import type { Digest } from '../oci/digest.ts';
import type { JournalEntry } from './journal-record.ts';

interface Circumstances {
  readonly before: Digest | undefined;
  readonly forced: boolean;
  readonly message?: string;
}

/** That a release was accepted and installed, and what it took the place of. */
export function entryOfInstall({ signed, ranks }: Release, { before, forced, message }: Circumstances): JournalEntry {
  return {
    event: 'installed',
    image: signed,
    ...(before !== undefined && before !== signed && { before }),
    indexes: ranks,
    ...(forced && { forced }),
    ...(message !== undefined && { message }),
  };
}
