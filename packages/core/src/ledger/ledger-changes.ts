import type { Digest } from '../oci/digest.ts';
import { contentDateOf } from './content-date.ts';
import type { Ledger, Pending } from './ledger.ts';
import { MAX_RELEASES, MAX_SEEN } from './ledger.ts';
import { earliest, logTimeOf, lowestRanks, ranksOf } from './rank.ts';
import { type InstalledRelease, isSameRelease, type Release, type Sighting } from './release.ts';

/** Each change is a function from one ledger to the next; nothing here looks at a disk or a clock. */

/** Remembers the lowest index per log and the earliest time of a digest, whichever verb verified it. */
export function recordSeen(ledger: Ledger, { digest, ranks, loggedAt }: Sighting): Ledger {
  const before = ledger.seen[digest];
  const time = earliest(before?.loggedAt, loggedAt);
  const entry = { ranks: before ? lowestRanks(before.ranks, ranks) : { ...ranks }, ...(time && { loggedAt: time }) };
  return { ...ledger, seen: newestSeen({ ...ledger.seen, [digest]: entry }) };
}

/** The bound keeps what was logged last; an old digest that falls out is still held off by date and floor. */
function newestSeen(seen: Ledger['seen']): Ledger['seen'] {
  const entries = Object.entries(seen);
  if (entries.length <= MAX_SEEN) return seen;
  const time = ({ loggedAt }: Omit<Sighting, 'digest'>) => loggedAt?.getTime() ?? 0;
  entries.sort(([left, a], [right, b]) => time(b) - time(a) || (left < right ? -1 : 1));
  return Object.fromEntries(entries.slice(0, MAX_SEEN));
}

export function beginPending(ledger: Ledger, pending: Pending): Ledger {
  return { ...ledger, pending: { ...pending, release: withoutIndexes(pending.release) } };
}

export function clearPending({ pending: _, ...ledger }: Ledger): Ledger {
  return ledger;
}

export function recordCheck(
  { failedChecks: _, ...ledger }: Ledger,
  lastCheck: NonNullable<Ledger['lastCheck']>,
): Ledger {
  return { ...ledger, lastCheck };
}

export function recordFailedCheck(ledger: Ledger, time: Date): Ledger {
  return { ...ledger, failedChecks: { time, count: (ledger.failedChecks?.count ?? 0) + 1 } };
}

/** What the registry offers now; an older one takes the place of a newer one, since that is not offered any more. */
export function recordRemote(ledger: Ledger, { release, ...seen }: NonNullable<Ledger['remote']>): Ledger {
  return { ...ledger, remote: { release: withoutIndexes(release), ...seen } };
}

export function recordDeclined(ledger: Ledger, release: Release, time: Date): Ledger {
  return { ...ledger, declined: { release: withoutIndexes(release), time } };
}

/** That this release could not be installed; counted anew for another one. */
export function recordFailedInstall(ledger: Ledger, { signed }: Release, time: Date): Ledger {
  const before = ledger.failedInstall?.release === signed ? ledger.failedInstall.count : 0;
  return { ...ledger, failedInstall: { release: signed, time, count: before + 1 } };
}

export function recordRuntime(ledger: Ledger, runtime: string): Ledger {
  return { ...ledger, runtime };
}

export function raiseFloor(ledger: Ledger, logId: string, index: number): Ledger {
  return { ...ledger, floors: { ...ledger.floors, [logId]: Math.max(index, ledger.floors[logId] ?? 0) } };
}

/** The commit point. `forced`: against the order, on purpose; it is recorded, and neither floor nor order moves. */
export function commitInstalled(
  ledger: Ledger,
  release: Release,
  { now, forced }: { readonly now: Date; readonly forced: boolean },
): Ledger {
  const { failedInstall: _, ...cleared } = clearPending(ledger);
  return forced ? commitForced(cleared, release, now) : commitNewest(cleared, release, now);
}

function commitForced(ledger: Ledger, release: Release, now: Date): Ledger {
  const known = ledger.releases.find((candidate) => isSameRelease(candidate, release));
  const entry = { ...(known ?? withoutIndexes(release)), installedAt: now, forced: true };
  return { ...ledger, installed: entry.config, releases: withRelease(ledger, entry) };
}

function commitNewest(ledger: Ledger, release: Release, now: Date): Ledger {
  const ranks = ranksOf(ledger, release);
  const loggedAt = logTimeOf(ledger, release);
  const { supersededAt: _, forced: __, ...facts } = { ...withoutIndexes(release) } as InstalledRelease;
  const entry = { ...facts, ranks, ...(loggedAt && { loggedAt }), installedAt: now };
  const previous = ledger.releases.find(({ config }) => config === ledger.highest?.release);
  const isNew = previous === undefined || !isSameRelease(previous, entry);
  const contentDate = latest(ledger.highest?.contentDate, contentDateOf(ledger, entry));
  const { historyLost, ...rest } = ledger;
  return {
    ...rest,
    // Known again from here on: the order rests on a release that was accepted by it.
    ...(historyLost && !isNew && { historyLost }),
    floors: highestOf(ledger.floors, ranks),
    highest: { release: entry.config, ...(contentDate && { contentDate }) },
    installed: entry.config,
    releases: withRelease(ledger, entry).map((other) =>
      other === entry || other.supersededAt ? other : { ...other, supersededAt: now },
    ),
  };
}

/** What an engine has and what verifies, taken as accepted where there is no ledger: the newest one last. */
export function adoptInstalled(ledger: Ledger, releases: readonly Release[], now: Date): Ledger {
  const time = (date?: Date) => date?.getTime() ?? 0;
  const ordered = [...releases].sort(
    (left, right) =>
      time(contentDateOf(ledger, left)) - time(contentDateOf(ledger, right)) ||
      time(left.loggedAt) - time(right.loggedAt),
  );
  return ordered.reduce((before, release) => commitNewest(before, release, now), ledger);
}

function withRelease({ releases, highest }: Ledger, entry: InstalledRelease): readonly InstalledRelease[] {
  const others = releases.filter((release) => !isSameRelease(release, entry));
  const kept = others.length < MAX_RELEASES ? others : withoutOldest(others, highest?.release);
  return [...kept, entry];
}

function withoutOldest(
  releases: readonly InstalledRelease[],
  highest: Digest | undefined,
): readonly InstalledRelease[] {
  const [oldest] = releases
    .filter(({ config }) => config !== highest)
    .sort((left, right) => left.installedAt.getTime() - right.installedAt.getTime());
  return releases.filter((release) => release !== oldest);
}

function highestOf(left: Ledger['floors'], right: Ledger['floors']): Ledger['floors'] {
  const floors: Record<string, number> = { ...left };
  for (const [log, index] of Object.entries(right)) floors[log] = Math.max(index, floors[log] ?? 0);
  return floors;
}

function latest(left: Date | undefined, right: Date | undefined): Date | undefined {
  if (!left || !right) return left ?? right;
  return left > right ? left : right;
}

function withoutIndexes({ indexes: _, ...release }: Release): Release {
  return release;
}
