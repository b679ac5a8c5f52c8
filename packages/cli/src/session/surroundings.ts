import type { ProgressEvent } from '@dangerzone-image/core';
import type { VerbOptions } from '../options/verb-options.ts';
import type { RuntimeProvider } from '../runtime/runtime-providers.ts';

/** What a verb's context is made from. */
export interface Surroundings {
  readonly options: VerbOptions;
  /** Of the runtimes that this tool brings. */
  readonly providers: readonly RuntimeProvider[];
  /** Where the user's own settings and list of plugins are; none where the system knows no home. */
  readonly settingsFolder: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly report: (event: ProgressEvent) => void;
  /** For what is said even with --quiet: a trust anchor that was replaced, say. */
  readonly announce: (message: string) => void;
}
