import type { Ledger } from './ledger.ts';
import { logTimeOf } from './rank.ts';
import type { Release } from './release.ts';

/** Before this, `created` is a placeholder: 1970 and year 1 are what build tools write for "not set". */
const FIRST_USABLE = Date.UTC(1980, 0, 1);

/** A release's content date, unless it is missing, a placeholder, or after the log says it was signed. */
export function contentDateOf(ledger: Ledger, release: Release): Date | undefined {
  const { created } = release;
  const loggedAt = logTimeOf(ledger, release);
  if (!created || created.getTime() < FIRST_USABLE) return undefined;
  return loggedAt && created > loggedAt ? undefined : created;
}
