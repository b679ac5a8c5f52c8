import type { Digest } from '../oci/digest.ts';
import type { VerifiedImage } from '../verify/verified-image.ts';
import { logTimesOf, type SignedDigest } from '../verify/verify-signatures.ts';

/** Lowest verified index of a digest in each log, by log ID. Indexes of different logs are never compared. */
export type Ranks = Readonly<Record<string, number>>;

/** That a digest was signed and logged, as some verb verified it. A `VerifiedImage` is one. */
export interface Sighting {
  readonly digest: Digest;
  readonly ranks: Ranks;
  /** Earliest verified log time. */
  readonly loggedAt?: Date;
}

/** One image of the profile's name, as the order of releases sees it. Built from evidence by `releaseOf`. */
export interface Release {
  /** The digest that the signatures are over. */
  readonly signed: Digest;
  readonly index?: Digest;
  readonly manifest: Digest;
  readonly config: Digest;
  /** Content date: `created` of the signed config. */
  readonly created?: Date;
  readonly ranks: Ranks;
  readonly loggedAt?: Date;
  /** Every verified index by log ID, where the evidence is at hand; not kept in the ledger. */
  readonly indexes?: Readonly<Record<string, readonly number[]>>;
}

export interface InstalledRelease extends Release {
  readonly installedAt: Date;
  /** When a newer one took its place. It never comes back but by `--force`. */
  readonly supersededAt?: Date;
  /** Installed against the order, on purpose. */
  readonly forced?: boolean;
}

export function releaseOf(image: VerifiedImage): Release {
  const { digest, index, manifest, config, ranks, loggedAt, signed } = image;
  return {
    signed: digest,
    ...(index && { index: index.digest }),
    manifest: manifest.digest,
    config: config.digest,
    ...(config.created && { created: config.created }),
    ranks,
    ...(loggedAt && { loggedAt }),
    indexes: indexesOf(signed),
  };
}

/** The sighting in signatures alone, where no look was taken at the image (`store-signatures` with a digest). */
export function sightingOf(signed: SignedDigest): Sighting {
  const ranks = Object.fromEntries(
    Object.entries(indexesOf(signed)).map(([log, indexes]) => [log, Math.min(...indexes)]),
  );
  const loggedAt = logTimesOf(signed)[0];
  return { digest: signed.digest, ranks, ...(loggedAt && { loggedAt }) };
}

function indexesOf({ verdicts }: SignedDigest): Record<string, number[]> {
  const indexes: Record<string, number[]> = {};
  for (const verdict of verdicts) {
    if (verdict.verdict !== 'accepted' || verdict.log?.index === undefined) continue;
    indexes[verdict.log.id] = [...(indexes[verdict.log.id] ?? []), verdict.log.index];
  }
  return indexes;
}

/** Same platform manifest, or same config. Siblings in an index, layers and DiffIDs never make two releases one. */
export function isSameRelease(left: Release, right: Release): boolean {
  return left.manifest === right.manifest || left.config === right.config;
}
