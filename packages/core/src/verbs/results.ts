import type { ErrorCode } from '../errors/error-code.ts';
import type { JournalRecord } from '../journal/journal-record.ts';
import type { Digest } from '../oci/digest.ts';
import type { Platform } from '../oci/platform.ts';
import type { SignatureVerdict } from '../verify/signature-verdict.ts';

/** An image in a result: the contract's `image` member. What is absent is left out, never null. */
export interface ImageFacts {
  readonly name: string;
  readonly tag?: string;
  /** The signed digest. */
  readonly digest: Digest;
  readonly index?: Digest;
  readonly manifest?: Digest;
  readonly config?: Digest;
  readonly platform?: string;
}

/** Of the verbs that install: they differ in where the image comes from, not in what they say. */
export interface InstallResult<Verb extends string> {
  readonly verb: Verb;
  readonly status: 'installed' | 'upgraded' | 'up-to-date';
  readonly image: ImageFacts;
  readonly previous?: ImageFacts;
  /** True where this is what would be done. */
  readonly dryRun?: true;
  readonly signatures: readonly SignatureVerdict[];
}

export type UpgradeResult = InstallResult<'upgrade'>;
export type LoadArchiveResult = InstallResult<'load-archive'>;

export interface InspectArchiveResult {
  readonly verb: 'inspect-archive';
  readonly status: 'acceptable' | 'refused';
  /** Absent where its signatures do not hold. */
  readonly image?: ImageFacts;
  readonly signatures: readonly SignatureVerdict[];
  /** Of the image that was looked at; the rest is absent where the file is no archive of an image. */
  readonly platform?: string;
  /** All of them, where there are several. */
  readonly platforms?: readonly string[];
  /** Of the file. */
  readonly bytes?: number;
  /** Why `refused`: what `load-archive` would say. */
  readonly reason?: { readonly code: ErrorCode; readonly message: string; readonly suggestions?: readonly string[] };
}

export interface CheckResult {
  readonly verb: 'check';
  readonly status: 'up-to-date' | 'update-available' | 'not-installed';
  /** What the registry offers. */
  readonly image: ImageFacts;
  readonly installed?: ImageFacts;
  readonly signatures: readonly SignatureVerdict[];
  /** What an upgrade would fetch at the most, bytes. Absent when there is nothing to fetch. */
  readonly download?: { readonly bytes: number };
  readonly freshness: Freshness;
}

export interface VerifyLocalResult {
  readonly verb: 'verify-local';
  readonly status: 'verified';
  readonly image: ImageFacts;
  readonly signatures: readonly SignatureVerdict[];
  /** What the engine's own copy was held against, base first; with `--deep` only. */
  readonly layers?: readonly LayerVerdict[];
}

/** One layer of the engine's own copy. One that differs is an error, and no verdict. */
export interface LayerVerdict {
  readonly diffId: Digest;
  readonly status: 'verified' | 'not-checked';
  /** Why `not-checked`. */
  readonly reason?: string;
}

export interface StoreSignaturesResult {
  readonly verb: 'store-signatures';
  readonly status: 'stored';
  readonly image: ImageFacts;
  readonly signatures: readonly SignatureVerdict[];
}

export interface StatusResult {
  readonly verb: 'status';
  readonly status: 'verified' | 'not-installed' | 'not-verified';
  /** Absent when nothing is installed or its digest is not known. */
  readonly image?: ImageFacts;
  readonly signatures: readonly SignatureVerdict[];
  /** Lowest log index that is still accepted, by log ID. */
  readonly floor: Readonly<Record<string, number>>;
  readonly lastCheck?: { readonly time: Date; readonly digest: Digest };
  readonly freshness?: Freshness;
  /** Why `not-verified`. */
  readonly reason?: { readonly code: string; readonly message: string; readonly suggestions?: readonly string[] };
  /** What the user should know: history lost, an older image installed on purpose, order by index alone, … */
  readonly notices: readonly string[];
}

export interface HistoryResult {
  readonly verb: 'history';
  /** `damaged`: the record does not fit together, see `problems`. */
  readonly status: 'consistent' | 'damaged';
  /** The state folder. */
  readonly folder: string;
  /** Name of the image, without tag. */
  readonly image: string;
  /** Oldest first. */
  readonly records: readonly JournalRecord[];
  readonly problems: readonly string[];
  readonly notices: readonly string[];
}

/** Age of a release: since the earlier of its content date and its first verified log time. Told, never enforced. */
export interface Freshness {
  readonly ageDays?: number;
  readonly limitDays: number;
  readonly isStale: boolean;
}

export type { JournalRecord, Platform, SignatureVerdict };
