import type { Digest } from '../oci/digest.ts';
import type { Ledger } from './ledger.ts';
import type { Ranks, Release } from './release.ts';

/** The lower of both in each log: anyone can log a published signature again, later; nobody can log it earlier. */
export function lowestRanks(left: Ranks, right: Ranks): Ranks {
  const lowest: Record<string, number> = { ...left };
  for (const [log, index] of Object.entries(right)) lowest[log] = Math.min(index, lowest[log] ?? index);
  return lowest;
}

export function earliest(left: Date | undefined, right: Date | undefined): Date | undefined {
  if (!left || !right) return left ?? right;
  return left < right ? left : right;
}

/** The digests whose signatures cover exactly this release. */
export function chainOf({ signed, index, manifest }: Release): readonly Digest[] {
  return [...new Set([signed, ...(index ? [index] : []), manifest])];
}

/** A release's place in each log: the lowest index seen for any digest of its chain. */
export function ranksOf({ seen }: Ledger, release: Release): Ranks {
  return chainOf(release).reduce((ranks, digest) => lowestRanks(ranks, seen[digest]?.ranks ?? {}), release.ranks);
}

/** The earliest verified time at which any digest of its chain was logged. */
export function logTimeOf({ seen }: Ledger, release: Release): Date | undefined {
  return chainOf(release).reduce((time, digest) => earliest(time, seen[digest]?.loggedAt), release.loggedAt);
}
