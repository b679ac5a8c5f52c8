import type { PublicRoot } from '../trust/public-root.ts';
import type { TransparencyLog } from '../trust/transparency-log.ts';
import type { Trust } from '../trust/trust.ts';
import type { TrustedRoot } from '../trust/trusted-root.ts';

/** What a person or organisation decided to trust, and about which image. Loaded once; nothing from outside changes it. */
export interface Profile {
  readonly name: string;
  readonly isBuiltIn: boolean;
  /** Image name without tag: `registry/repository`. */
  readonly image: string;
  readonly tag: string;
  readonly trust: Trust;
  /** Sigstore's public trusted root, which the trust is made of; none where the profile pins its own log keys or root. */
  readonly publicRoot?: PublicRoot;
  /** Lowest log index that is accepted, by log ID. */
  readonly floor: Readonly<Record<string, number>>;
  readonly freshnessDays: number;
  readonly mirrors: readonly string[];
  /** Path of an archive that came with the application. It is verified like any other. */
  readonly bundledArchive?: string;
  /** What the image is built from; `required`: nothing is installed without provenance that says so. */
  readonly provenance?: { readonly repository: string; readonly workflow?: string; readonly required?: boolean };
  /** Whose certificates count for provenance that is demanded, where the profile pins a log by its key alone. */
  readonly provenanceRoot?: TrustedRoot;
  /** State lives in Dangerzone's own folder, and the log that `last_log_index` is about. Built-in profile only. */
  readonly dangerzoneLogId?: string;
  /** Pinned logs that SIGSTORE_REKOR_PUBLIC_KEY replaced: they count for stored signatures only. */
  readonly replacedLogs: readonly TransparencyLog[];
  /** What the user must be told whenever this profile is in force. */
  readonly notices: readonly string[];
}
