import type { Decision, Updates } from '../decision/decide.ts';
import type { ErrorCode } from '../errors/error-code.ts';
import type { JournalRecord } from '../journal/journal-record.ts';
import type { RemoteProvenance } from '../ledger/ledger.ts';
import type { Digest } from '../oci/digest.ts';
import type { Platform } from '../oci/platform.ts';
import type { AcceptedProvenance, AttestationVerdict } from '../verify/provenance/attestation-verdict.ts';
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

export interface AttestProvenanceResult {
  readonly verb: 'attest-provenance';
  readonly status: 'verified';
  /** Its digest is the one that is attested. */
  readonly image: ImageFacts;
  /** All that were looked at; the first is the one that counts. */
  readonly attestations: readonly [AcceptedProvenance, ...AttestationVerdict[]];
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
  /** Absent where nobody decided: then nothing is looked for. */
  readonly updates?: Updates;
  readonly pinned?: Pinned;
  readonly lastCheck?: { readonly time: Date; readonly digest: Digest };
  /** A release that is newer than the installed one, and when it was seen last at a registry. */
  readonly remote?: { readonly digest: Digest; readonly seenAt: Date };
  readonly freshness?: Freshness;
  /** Why `not-verified`. */
  readonly reason?: { readonly code: string; readonly message: string; readonly suggestions?: readonly string[] };
  /** What the user should know: history lost, an older image installed on purpose, order by index alone, … */
  readonly notices: readonly string[];
}

/** Since when nothing is installed by decision. */
export interface Pinned {
  readonly since: Date;
}

export interface UpdatesResult {
  readonly verb: 'updates';
  readonly status: Updates | 'not-decided';
  /** Hours between two checks. */
  readonly intervalHours: number;
  readonly pinned?: Pinned;
  readonly lastCheck?: { readonly time: Date; readonly digest: Digest };
  readonly notices: readonly string[];
}

export interface PinResult {
  readonly verb: 'pin' | 'unpin';
  readonly status: 'pinned' | 'not-pinned';
  readonly pinned?: Pinned;
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

export interface AutoResult {
  readonly verb: 'auto';
  /**
   * `update-available`: a newer release is known, and the user does not want it (now). `update-failed`: it could not be
   * installed, see `reason`, and is tried again later.
   */
  readonly status: 'installed' | 'upgraded' | 'up-to-date' | 'pinned' | 'update-available' | 'update-failed';
  /** What was decided last, by which row of the table. */
  readonly decision: Decision;
  /** What is installed now; absent where nothing verified is, while pinned. */
  readonly image?: ImageFacts;
  readonly previous?: ImageFacts;
  readonly signatures: readonly SignatureVerdict[];
  /** A release that is newer than `image`, and when it was seen last at a registry. */
  readonly remote?: { readonly digest: Digest; readonly seenAt: Date };
  /** Why an update failed, or is not tried again yet. */
  readonly reason?: { readonly code: string; readonly message: string };
}

/** What a person needs to know before they say yes to a download. All of it was verified. */
export interface UpdateFacts {
  /** What would be replaced. */
  readonly installed?: ImageFacts;
  readonly image: ImageFacts;
  /** Who signed, and when and where that was logged. */
  readonly signatures: readonly SignatureVerdict[];
  /** Content date, where the image has one that can be right. */
  readonly created?: Date;
  /** Where it was built, as the last check saw it; absent where the profile expects no provenance. */
  readonly provenance?: RemoteProvenance;
  /** What has to be fetched, bytes; what is here already is not counted. */
  readonly download: { readonly bytes: number };
}

/** Age of a release: since the earlier of its content date and its first verified log time. Told, never enforced. */
export interface Freshness {
  readonly ageDays?: number;
  readonly limitDays: number;
  readonly isStale: boolean;
}

export type { AcceptedProvenance, AttestationVerdict, Decision, JournalRecord, Platform, SignatureVerdict, Updates };
