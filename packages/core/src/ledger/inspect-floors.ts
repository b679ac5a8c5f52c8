import type { Digest } from '../oci/digest.ts';
import type { LedgerProfile } from './last-log-index.ts';
import type { Ledger } from './ledger.ts';
import { chainOf, lowestRanks } from './rank.ts';
import type { Ranks, Sighting } from './release.ts';
import type { FloorFileInspection, FloorInspection, FloorOrigin, SignaturesInspection } from './state-inspection.ts';

export interface FloorEvidence {
  readonly ledger: Ledger | undefined;
  readonly floorFile: FloorFileInspection;
  readonly signatures: Pick<SignaturesInspection, 'sightings' | 'highest'>;
}

type Entry = { readonly index: number; readonly digest: Digest };

/**
 * Floor by floor, what is in force and what supports it. A floor comes from a release that was accepted, whose signature
 * is stored and whose rank is recorded: one that is above all of that cannot be right. Missing signatures alone speak
 * against no floor, as long as the ledger's own record of the release stands.
 */
export function inspectFloors({ floor, dangerzoneLogId }: LedgerProfile, evidence: FloorEvidence): FloorInspection[] {
  const { ledger, floorFile, signatures } = evidence;
  const file: Ranks =
    dangerzoneLogId !== undefined && floorFile.state === 'sound' ? { [dangerzoneLogId]: floorFile.index } : {};
  const sources = { profile: floor, 'ledger.json': ledger?.floors ?? {}, last_log_index: file };
  const logs = [...new Set(Object.values(sources).flatMap((floors) => Object.keys(floors)))].sort();
  return logs.map((log) => {
    const origins = (Object.entries(sources) as [FloorOrigin['source'], Ranks][]).flatMap(([source, floors]) =>
      floors[log] === undefined ? [] : [{ source, index: floors[log] }],
    );
    const index = Math.max(...origins.map((origin) => origin.index));
    const proven = signatures.highest[log];
    const recorded = highest(recordsOf(ledger, signatures.sightings, log));
    const supports = [floor[log], proven?.index, recorded?.index].filter((support) => support !== undefined);
    const supported = supports.length > 0 ? Math.max(...supports) : undefined;
    return {
      log,
      index,
      origins,
      ...(proven && { proven }),
      ...(recorded && { recorded }),
      ...(supported !== undefined && { supported }),
      isSupported: supported !== undefined && index <= supported,
    };
  });
}

/** The rank that the ledger has of each release, unless a stored signature of the release says a lower one. */
function recordsOf(ledger: Ledger | undefined, sightings: readonly Sighting[], log: string) {
  const seen = new Map(sightings.map((sighting) => [sighting.digest, sighting.ranks]));
  return (ledger?.releases ?? []).map((release) => {
    const ranks = chainOf(release).reduce<Ranks>((lowest, digest) => lowestRanks(lowest, seen.get(digest) ?? {}), {});
    const [recorded, verified] = [release.ranks[log], ranks[log]];
    const isContradicted = recorded !== undefined && verified !== undefined && verified < recorded;
    return { digest: release.signed, index: isContradicted ? verified : recorded };
  });
}

function highest(entries: readonly { readonly index: number | undefined; readonly digest: Digest }[]) {
  return entries.reduce<Entry | undefined>(
    (top, { index, digest }) => (index === undefined || (top && top.index >= index) ? top : { index, digest }),
    undefined,
  );
}
