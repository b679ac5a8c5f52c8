import type { Digest } from '../oci/digest.ts';
import type { InstalledRelease, Ranks, Release, Sighting } from './release.ts';

export const LEDGER_SCHEMA = 1;
export const MAX_RELEASES = 1000;
export const MAX_SEEN = 1000;
export const MAX_REPAIRS = 100;
export const MAX_LEDGER_BYTES = 4 * 1024 * 1024;

/**
 * All that is remembered of one image name: which releases were accepted, and below which log index none is. Plain
 * immutable data; `ledger-changes.ts` makes the next one from it.
 */
export interface Ledger {
  readonly schema: typeof LEDGER_SCHEMA;
  /** Image name without tag. */
  readonly image: string;
  /** Lowest log index that is still accepted, by log ID. Only rises. */
  readonly floors: Ranks;
  /** The newest release that was accepted, by its config digest, and the latest usable content date of all. */
  readonly highest?: { readonly release: Digest; readonly contentDate?: Date };
  /** Config digest of the release that was installed last: the highest one, unless `--force` put another in. */
  readonly installed?: Digest;
  /** An installation that began and has not reached its commit. */
  readonly pending?: Pending;
  readonly releases: readonly InstalledRelease[];
  /** What any verb saw signed, by digest: the newest 1000. */
  readonly seen: Readonly<Record<string, Omit<Sighting, 'digest'>>>;
  /** The last look at the tag that was answered. */
  readonly lastCheck?: { readonly time: Date; readonly digest: Digest };
  /** Looks at the tag in vain since then: when the last one was, and how many. */
  readonly failedChecks?: { readonly time: Date; readonly count: number };
  /** The newest release that verified at a registry. A hint: before it is installed, everything is verified anew. */
  readonly remote?: { readonly release: Release; readonly seenAt: Date; readonly provenance?: RemoteProvenance };
  /** What the user was asked about and did not want; only a newer one is asked about again. */
  readonly declined?: { readonly release: Release; readonly time: Date };
  /** A release that could not be installed, by its signed digest: when it was tried last, and how often. */
  readonly failedInstall?: { readonly release: Digest; readonly time: Date; readonly count: number };
  /** Where the journal ends, so that an edit of it can be told from the outside. */
  readonly journal?: JournalEnd;
  /** Name of the runtime that this profile last used. */
  readonly runtime?: string;
  /** An unreadable ledger was replaced: which releases were superseded before is not known. */
  readonly historyLost?: boolean;
  /** What `state repair` and `state reset` did here, the latest 100: a floor that went down is never without one. */
  readonly repairs?: readonly RepairRecord[];
  /** A reset that was committed and has not moved everything yet; whoever gets the lock next finishes it. */
  readonly reset?: UnfinishedReset;
}

/** Where an offered release was built, as far as it was looked up: to be told, and never in place of a demand. */
export interface RemoteProvenance {
  /** As the profile expected them when it was looked up. */
  readonly repository: string;
  readonly workflow?: string;
  /** `missing`: none is attested. `unknown`: it was not or could not be looked up. */
  readonly verdict: 'accepted' | 'refused' | 'missing' | 'unknown';
  /** Of what was accepted, hex. */
  readonly commit?: string;
  /** Fingerprint of the profile's key that attested it: no runner vouches for it. */
  readonly key?: string;
}

export interface JournalEnd {
  /** Number of the last record. */
  readonly count: number;
  /** SHA-256 of its line, hex. */
  readonly head: string;
  /** Number of the first record that is kept; what was before it was rotated away. */
  readonly first: number;
}

export interface RepairRecord {
  readonly time: Date;
  /** Kinds of actions, such as `lower-floor`. */
  readonly what: readonly string[];
  readonly floors?: readonly FloorChange[];
}

/** `before` is absent where it could not be read, `after` where no floor is left but the profile's. */
export interface FloorChange {
  readonly log: string;
  readonly before?: number;
  readonly after?: number;
}

export interface UnfinishedReset {
  /** The folder, in the state folder, that takes what is put away. */
  readonly to: string;
  /** What goes there: `manifests`, `signatures/last_log_index`, … */
  readonly names: readonly string[];
}

export interface Pending {
  readonly release: Release;
  /** The name of ours under which the image goes in first. */
  readonly temporaryName: string;
  readonly stableName: string;
  readonly since: Date;
  readonly forced?: boolean;
}

export const LEDGER_FILE = 'ledger.json';

export function emptyLedger(image: string): Ledger {
  return { schema: LEDGER_SCHEMA, image, floors: {}, releases: [], seen: {} };
}
