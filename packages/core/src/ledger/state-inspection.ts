import type { Digest } from '../oci/digest.ts';
import type { LogEntry } from '../verify/signature-verdict.ts';
import type { Ledger } from './ledger.ts';
import type { Sighting } from './release.ts';

/** What was found in a state folder, each thing verified while it was read. Plain data; nothing was changed. */
export interface StateInspection {
  readonly path: string;
  readonly isThere: boolean;
  readonly ledger: LedgerInspection;
  readonly floorFile: FloorFileInspection;
  readonly signatures: SignaturesInspection;
  readonly documents: DocumentsInspection;
  readonly bundles: BundlesInspection;
  /** Why `preferences.json` cannot be used. */
  readonly unusablePreferences?: Reason;
  /** Everything in the folder, and in the folders where files of ours are written, by path. */
  readonly names: readonly string[];
  /** Half-written files of runs that were killed, or of one that runs now. */
  readonly leftOvers: readonly string[];
  /** Damaged files that were kept aside, and what resets put away. */
  readonly kept: readonly string[];
  /** Names in the folder that are not this tool's. */
  readonly others: readonly string[];
  /** Who works on it now, in words. */
  readonly holder?: string;
  /** What is wrong beyond single files: folders that cannot be trusted, too many files. */
  readonly problems: readonly StateProblem[];
}

/**
 * `unreadable`: its bytes are no ledger. `refused`: it was not read (a link, others may write it, too long).
 * `foreign`: a newer version's, or another image's; nobody but its owner may replace it.
 */
export type LedgerInspection =
  | { readonly state: 'missing'; readonly isMovedAway: boolean }
  | { readonly state: 'sound'; readonly ledger: Ledger }
  | { readonly state: 'unreadable'; readonly bytes: Uint8Array; readonly why: Reason }
  | { readonly state: 'refused' | 'foreign'; readonly why: Reason };

/** `not-used`: only the built-in profile shares Dangerzone's file. */
export type FloorFileInspection =
  | { readonly state: 'not-used' | 'missing' | 'empty' }
  | { readonly state: 'sound'; readonly index: number }
  | { readonly state: 'damaged'; readonly why: Reason };

export interface SignaturesInspection {
  readonly files: readonly SignatureFile[];
  /** By digest: the lowest index and the earliest time of signatures that verify now. */
  readonly sightings: readonly Sighting[];
  /** The highest index of any of them in each log: Dangerzone counts a release by the last of its signatures. */
  readonly highest: Readonly<Record<string, { readonly index: number; readonly digest: Digest }>>;
  /** Key files (by their digest) whose signatures are stored and that are not trusted, now. */
  readonly otherKeys: readonly string[];
}

export interface SignatureFile {
  /** Path in the state folder. */
  readonly name: string;
  readonly keyFile: string;
  readonly digest: Digest;
  /** Signatures worth keeping: by this key, about this image and digest. */
  readonly valid: number;
  /** Why the file is damaged. */
  readonly why?: Reason;
}

export interface DocumentsInspection {
  readonly sound: readonly Digest[];
  readonly damaged: readonly { readonly name: string; readonly digest: Digest; readonly why: Reason }[];
  /** Documents of the installed release that are not here. */
  readonly missing: readonly Digest[];
}

export interface BundlesInspection {
  readonly files: number;
  /** Digests of which a bundle is stored whole. */
  readonly about: readonly Digest[];
  readonly damaged: readonly { readonly name: string; readonly why: Reason }[];
  /** What logs say of those that count, verified as before a run. */
  readonly entries: readonly { readonly digest: Digest; readonly log: LogEntry }[];
}

export interface Reason {
  readonly message: string;
  readonly suggestions: readonly string[];
}

export type ProblemCode =
  | 'folder-unusable'
  | 'ledger-foreign'
  | 'ledger-damaged'
  | 'floor-file-damaged'
  | 'floor-unproven'
  | 'signatures-damaged'
  | 'signatures-missing'
  | 'document-damaged'
  | 'bundle-damaged'
  | 'preferences-damaged';

export interface StateProblem {
  readonly code: ProblemCode;
  /** Path in the state folder, or the log. */
  readonly name: string;
  readonly message: string;
  readonly mendedBy: 'repair' | 'upgrade' | 'hand';
  readonly remedy: string;
}

/** The floor of one log: who says so, and what supports it. */
export interface FloorInspection {
  readonly log: string;
  /** What is in force: the highest of `origins`. */
  readonly index: number;
  readonly origins: readonly FloorOrigin[];
  /** The highest index that a signature stored here, and verified now, has. */
  readonly proven?: { readonly index: number; readonly digest: Digest };
  /** The highest index of an accepted release by the ledger's own record, where no stored signature contradicts it. */
  readonly recorded?: { readonly index: number; readonly digest: Digest };
  /** What profile, signatures and records support; absent where none says anything. Below `index`: the floor is wrong. */
  readonly supported?: number;
  readonly isSupported: boolean;
}

export interface FloorOrigin {
  readonly source: 'profile' | 'ledger.json' | 'last_log_index';
  readonly index: number;
}
