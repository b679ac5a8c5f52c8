import type { Digest } from '../oci/digest.ts';
import { contentDateOf } from './content-date.ts';
import type { Ledger } from './ledger.ts';
import { chainOf, ranksOf } from './rank.ts';
import {
  entryOfTwoImages,
  refuseBelowFloor,
  refuseNotNewer,
  refuseSuperseded,
  refuseUnplaced,
} from './refuse-rollback.ts';
import { type InstalledRelease, isSameRelease, type Ranks, type Release, type Sighting } from './release.ts';

export interface Decision {
  /**
   * `same`: it is what the ledger has as installed. `reinstall`: it is the highest accepted release, and something else
   * or nothing is installed. `newer`: it may take its place.
   */
  readonly kind: 'same' | 'newer' | 'reinstall';
  /** What the user should know of the decision, a sentence each. */
  readonly notes: readonly string[];
}

const BY_INDEX_ALONE =
  'The order of releases rests on the log index alone: a content date is missing or cannot be right.';

/**
 * May this release be installed, by design §4? Only where it is newer than everything accepted before, or the very
 * release that was accepted last. Throws ROLLBACK_REFUSED, or LOG_ENTRY_INVALID where one log entry would be two images.
 * `engineHasIt: false` says that the engine lost what the ledger has as installed.
 */
export function requireInstallable(
  ledger: Ledger,
  candidate: Release,
  profileFloor: Ranks,
  { engineHasIt = true }: { readonly engineHasIt?: boolean } = {},
): Decision {
  refuseSharedEntry(ledger, candidate);
  const known = ledger.releases.find((release) => isSameRelease(release, candidate));
  if (known && known.config === ledger.installed && engineHasIt) return { kind: 'same', notes: [] };
  // Rollback: a publisher cannot go back to an older image under its old digest, nor can anyone in their name.
  if (known?.supersededAt) throw refuseSuperseded(ledger, candidate, known);
  requireFloors(ledger, candidate, profileFloor, known);
  const highest = highestRelease(ledger);
  if (known && known === highest) return { kind: 'reinstall', notes: undoNotes(ledger) };
  return {
    kind: 'newer',
    notes: highest ? requireNewer(ledger, candidate, highest) : requirePlace(ledger, candidate, profileFloor),
  };
}

/** Is this release at or above every floor? For what is handed on and not installed here: a sibling of what is, say. */
export function requireAboveFloor(ledger: Ledger, candidate: Release, profileFloor: Ranks): void {
  refuseSharedEntry(ledger, candidate);
  const known = ledger.releases.find((release) => isSameRelease(release, candidate));
  requireFloors(ledger, candidate, profileFloor, known);
  requirePlace(ledger, candidate, profileFloor);
}

/** The floor in force for each log: the highest of ledger (with Dangerzone's file in it) and profile. */
export function effectiveFloors({ floors }: Ledger, profileFloor: Ranks): Ranks {
  const effective: Record<string, number> = { ...profileFloor };
  for (const [log, index] of Object.entries(floors)) effective[log] = Math.max(index, effective[log] ?? 0);
  return effective;
}

export function highestRelease({ releases, highest }: Ledger): InstalledRelease | undefined {
  return releases.find(({ config }) => config === highest?.release);
}

export function installedRelease({ releases, installed }: Ledger): InstalledRelease | undefined {
  return releases.find(({ config }) => config === installed);
}

/** One leaf of a log is about one digest. Two digests with one index: a log, or our reading of it, lies. */
function refuseSharedEntry(ledger: Ledger, candidate: Release): void {
  refuseEntryOfOthers(ledger, { ...candidate, digest: candidate.signed }, chainOf(candidate));
}

/** The same for signatures alone: what cannot be true is not remembered, or it would stand against the right image. */
export function requireOwnEntries(ledger: Ledger, sighting: Sighting): void {
  refuseEntryOfOthers(ledger, sighting, [sighting.digest]);
}

function refuseEntryOfOthers(
  ledger: Ledger,
  candidate: Sighting & Pick<Release, 'indexes'>,
  digests: readonly Digest[],
): void {
  const own = new Set<string>(digests);
  const others = [
    ...Object.entries(ledger.seen).map(([digest, { ranks }]) => ({ digests: [digest], ranks })),
    ...ledger.releases.map((release) => ({ digests: chainOf(release), ranks: release.ranks })),
  ].filter(({ digests }) => !digests.some((digest) => own.has(digest)));
  for (const { digests, ranks } of others) {
    for (const [log, index] of Object.entries(ranks)) {
      const entries = [candidate.ranks[log], ...(candidate.indexes?.[log] ?? [])];
      if (entries.includes(index)) throw entryOfTwoImages(candidate.digest, digests[0] as string, { log, index });
    }
  }
}

/** Rollback by an old signature that is still valid: below the floor of a log where it has an entry. */
function requireFloors(
  ledger: Ledger,
  candidate: Release,
  profileFloor: Ranks,
  known: InstalledRelease | undefined,
): void {
  const ranks = ranksOf(ledger, candidate);
  for (const [log, floor] of Object.entries(effectiveFloors(ledger, profileFloor))) {
    const rank = ranks[log];
    if (rank === undefined || rank >= floor || isOwnEntry(ledger, candidate, known, log, floor)) continue;
    throw refuseBelowFloor(ledger, candidate, { log, floor, rank });
  }
}

/**
 * A floor that is an entry of this very release does not shut it out: it was set by another signature of the same
 * release (of its index or its platform manifest, or a later one that Dangerzone counted).
 */
function isOwnEntry(
  ledger: Ledger,
  candidate: Release,
  known: Release | undefined,
  log: string,
  floor: number,
): boolean {
  const own = [
    ...(candidate.indexes?.[log] ?? []),
    known?.ranks[log],
    ...chainOf(candidate).map((digest) => ledger.seen[digest]?.ranks[log]),
  ];
  return own.includes(floor);
}

/** Rules (a) and (b) of design §4 against the highest release that was ever accepted. */
function requireNewer(ledger: Ledger, candidate: Release, highest: InstalledRelease): string[] {
  const date = contentDateOf(ledger, candidate);
  const accepted = ledger.highest?.contentDate;
  // (a) A re-logged older image: its index is new, its content is not.
  if (date && accepted && date < accepted) throw refuseNotNewer(ledger, candidate, highest, 'its content is older');
  const [ranks, limits] = [ranksOf(ledger, candidate), ranksOf(ledger, highest)];
  const common = Object.keys(limits).filter((log) => ranks[log] !== undefined);
  if (common.length === 0) {
    // Numbers of different logs say nothing about each other; that a log came later makes nothing newer.
    const isLater = date && accepted && contentDateOf(ledger, highest) && date > accepted;
    if (!isLater)
      throw refuseNotNewer(ledger, candidate, highest, 'no log has both, and its content date is not later');
    return undoNotes(ledger);
  }
  // (b) An older signature, or the order in which the publisher signed.
  if (!common.some((log) => (ranks[log] as number) > (limits[log] as number))) {
    throw refuseNotNewer(ledger, candidate, highest, 'its log index is not higher');
  }
  return [...(date && accepted ? [] : [BY_INDEX_ALONE]), ...undoNotes(ledger)];
}

/** Where nothing was accepted yet, the floor alone says what is old; without an entry in its log nothing places the image. */
function requirePlace(ledger: Ledger, candidate: Release, profileFloor: Ranks): string[] {
  const logs = Object.keys(effectiveFloors(ledger, profileFloor));
  const ranks = ranksOf(ledger, candidate);
  if (logs.length > 0 && !logs.some((log) => ranks[log] !== undefined)) throw refuseUnplaced(candidate, logs);
  return undoNotes(ledger);
}

function undoNotes(ledger: Ledger): string[] {
  const installed = installedRelease(ledger);
  if (!installed?.forced) return [];
  return [
    `This replaces ${installed.signed}, an older image that was installed with --force on ${dayOf(installed.installedAt)}.`,
  ];
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
