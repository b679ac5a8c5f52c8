import { contentDateOf } from './content-date.ts';
import type { Ledger } from './ledger.ts';
import { ranksOf } from './rank.ts';
import { isSameRelease, type Release } from './release.ts';

/**
 * Rules (a) and (b) of design §4 between any two releases: content that is not older, and a higher index in a log that
 * has both, or later content where none has. What may be installed is `requireInstallable`'s to say.
 */
export function isNewer(ledger: Ledger, release: Release, than: Release): boolean {
  if (isSameRelease(release, than)) return false;
  const [date, other] = [contentDateOf(ledger, release), contentDateOf(ledger, than)];
  if (date && other && date < other) return false;
  const [ranks, limits] = [ranksOf(ledger, release), ranksOf(ledger, than)];
  const common = Object.keys(limits).filter((log) => ranks[log] !== undefined);
  if (common.length === 0) return date !== undefined && other !== undefined && date > other;
  return common.some((log) => (ranks[log] as number) > (limits[log] as number));
}
