import type { Manifest, PJSON } from '@oclif/core/interfaces';

/** What the build put into the single file: the table that it has instead of folders to look into. */
export interface Contents {
  /** Of the CLI's own package.json, what oclif reads. */
  readonly package: PJSON;
  manifest(): Manifest;
  /** The modules of the verbs, by oclif's ids. */
  readonly commands: Readonly<Record<string, () => Promise<{ readonly default: unknown }>>>;
  readonly adapters: readonly PackedAdapter[];
}

/** A runtime as the adapter's package.json names it, and the way to its code. */
export interface PackedAdapter {
  readonly runtime: string;
  readonly plugin: string;
  readonly identifier: string;
  load(): Promise<Readonly<Record<string, unknown>>>;
}
