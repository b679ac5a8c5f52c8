import type { TransparencyLog } from '../trust/transparency-log.ts';
import type { Trust } from '../trust/trust.ts';

/** What a person or organisation decided to trust, and about which image. Loaded once; nothing from outside changes it. */
export interface Profile {
  readonly name: string;
  readonly isBuiltIn: boolean;
  /** Image name without tag: `registry/repository`. */
  readonly image: string;
  readonly tag: string;
  readonly trust: Trust;
  /** Lowest log index that is accepted, by log ID. */
  readonly floor: Readonly<Record<string, number>>;
  readonly freshnessDays: number;
  readonly mirrors: readonly string[];
  /** Path of an archive that came with the application. It is verified like any other. */
  readonly bundledArchive?: string;
  readonly provenance?: { readonly repository: string; readonly workflow?: string };
  /** State lives in Dangerzone's own folder, and the log that `last_log_index` is about. Built-in profile only. */
  readonly dangerzoneLogId?: string;
  /** Pinned logs that SIGSTORE_REKOR_PUBLIC_KEY replaced: they count for stored signatures only. */
  readonly replacedLogs: readonly TransparencyLog[];
  /** What the user must be told whenever this profile is in force. */
  readonly notices: readonly string[];
}
