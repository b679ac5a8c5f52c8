import { contentDateOf } from '../ledger/content-date.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { releaseOf, sightingOf } from '../ledger/release.ts';
import type { Profile } from '../profile/profile.ts';
import type { InstalledImage } from './installed-image.ts';
import type { Freshness } from './results.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Age since the earlier of content date and first verified log time; a clock that is behind makes no negative age. */
export function freshnessOf(
  { image, signed }: Pick<InstalledImage, 'image' | 'signed'>,
  ledger: Ledger,
  { freshnessDays: limitDays }: Profile,
  now: Date,
): Freshness {
  const loggedAt = image?.loggedAt ?? sightingOf(signed).loggedAt;
  const created = image && contentDateOf(ledger, releaseOf(image));
  const times = [created, loggedAt].flatMap((time) => (time ? [time.getTime()] : []));
  if (times.length === 0) return { limitDays, isStale: false };
  const ageDays = Math.max(0, Math.floor((now.getTime() - Math.min(...times)) / DAY_MS));
  return { ageDays, limitDays, isStale: ageDays > limitDays };
}
