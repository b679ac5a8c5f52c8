import { CodedError } from '../errors/coded-error.ts';
import type { Digest } from '../oci/digest.ts';
import type { Ledger } from './ledger.ts';
import { ranksOf } from './rank.ts';
import type { InstalledRelease, Release } from './release.ts';

const WAY_OUT = [
  'Keep the image that you have, or wait for a newer release. If a mirror is behind, try another one.',
  'To install this older image on purpose, use --force: it is recorded, and the floor stays.',
];

interface BelowFloor {
  readonly log: string;
  readonly floor: number;
  readonly rank: number;
}

export function refuseBelowFloor(ledger: Ledger, candidate: Release, { log, floor, rank }: BelowFloor): CodedError {
  const highest = ledger.releases.find(({ config }) => config === ledger.highest?.release);
  const holder = highest ? `; accepted before: ${describe(ledger, highest)}` : '';
  return refused(
    `the offered image is older than what is accepted: ${describe(ledger, candidate)}; expected an index of at least ${floor} in log ${log}, got ${rank}${holder}`,
    {
      offered: facts(ledger, candidate),
      ...(highest && { accepted: facts(ledger, highest) }),
      floor: { log, index: floor },
    },
  );
}

export function refuseNotNewer(ledger: Ledger, candidate: Release, highest: InstalledRelease, why: string): CodedError {
  return refused(
    `the offered image is not newer than the accepted one: ${why}. Offered: ${describe(ledger, candidate)}; accepted before: ${describe(ledger, highest)}`,
    {
      offered: facts(ledger, candidate),
      accepted: facts(ledger, highest),
    },
  );
}

export function refuseSuperseded(ledger: Ledger, candidate: Release, known: InstalledRelease): CodedError {
  const replaced = known.supersededAt?.toISOString().slice(0, 10);
  const highest = ledger.releases.find(({ config }) => config === ledger.highest?.release);
  const by = highest ? ` by ${describe(ledger, highest)}` : '';
  return refused(
    `the offered image was replaced on ${replaced}${by}, and does not become new again: ${describe(ledger, candidate)}`,
    {
      offered: facts(ledger, candidate),
      ...(highest && { accepted: facts(ledger, highest) }),
      supersededAt: known.supersededAt,
    },
    ['If the publisher means to go back, they must publish the older content as a new image.'],
  );
}

export function refuseUnplaced(candidate: Release, logs: readonly string[]): CodedError {
  return refused(
    `${candidate.signed} has no entry in a log for which a lowest index is known (${logs.join(', ')}): nothing says that it is not an old image`,
    {
      offered: { digest: candidate.signed, indexes: candidate.ranks },
    },
  );
}

export function entryOfTwoImages(
  digest: Digest,
  other: string,
  { log, index }: { readonly log: string; readonly index: number },
): CodedError {
  return new CodedError(
    'LOG_ENTRY_INVALID',
    `entry ${index} of log ${log} is about ${other}, and now about ${digest}: one entry cannot be about two images`,
    {
      suggestions: ['Do not run this image. Tell the publisher and the operator of the log.'],
      details: { log, index, digests: [other, digest] },
    },
  );
}

function refused(message: string, details: Record<string, unknown>, suggestions: readonly string[] = []): CodedError {
  return new CodedError('ROLLBACK_REFUSED', message, { suggestions: [...suggestions, ...WAY_OUT], details });
}

function describe(ledger: Ledger, release: Release): string {
  const indexes = Object.entries(ranksOf(ledger, release)).map(([log, index]) => `${index} in log ${log.slice(0, 8)}…`);
  const date = release.created ? release.created.toISOString().slice(0, 10) : 'unknown';
  return `${release.signed} (log index ${indexes.join(', ') || 'none'}; content date ${date})`;
}

function facts(ledger: Ledger, release: Release): Record<string, unknown> {
  return {
    digest: release.signed,
    indexes: ranksOf(ledger, release),
    ...(release.created && { created: release.created }),
  };
}
