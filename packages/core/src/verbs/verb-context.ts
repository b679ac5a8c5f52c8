import type { StateFolder } from '../ledger/state-folder.ts';
import type { Profile } from '../profile/profile.ts';
import type { ContainerRuntime, StagedImage } from '../runtime/container-runtime.ts';
import type { ImageSource } from '../source/image-source.ts';
import type { TrustedRoot } from '../trust/trusted-root.ts';

/** What every verb works with. All of it comes from the caller, so that a test needs no patched module. */
export interface VerbContext {
  readonly profile: Profile;
  readonly state: StateFolder;
  readonly now?: () => Date;
  readonly signal?: AbortSignal;
  readonly report?: (event: ProgressEvent) => void;
  /** How long to wait for another process that works on the same state, ms. */
  readonly lockTimeoutMs?: number;
}

export interface OnlineContext extends VerbContext {
  readonly source: ImageSource;
}

export interface LocalContext extends VerbContext {
  readonly runtime: ContainerRuntime;
  /** Whether an engine on another machine may be used. */
  readonly allowRemoteEngine?: boolean;
}

export interface InstallContext extends OnlineContext, LocalContext {
  /** How content gets into the engine; `load` where nobody says. */
  readonly via?: Road;
  /** The image, where it lies ready for the engine already. */
  readonly staged?: StagedImage;
  /** Whose certificates count for provenance that is told and not demanded; the profile's or the built-in root where left out. */
  readonly openProvenanceRoot?: () => Promise<TrustedRoot>;
}

/** `pull`: the engine fetches by digest itself. `load`: we fetch, hash and stream; mirrors and resume are ours. */
export type Road = 'pull' | 'load';

/** What goes on, for progress and `--debug`. A consumer may ignore any of it. */
export type ProgressEvent =
  | { readonly type: 'step'; readonly step: Step }
  | { readonly type: 'size'; readonly bytes: number; readonly freeBytes?: number; readonly isHere?: true }
  /** From the network to this machine; what an earlier run fetched counts. */
  | { readonly type: 'download'; readonly bytes: number; readonly total: number }
  /** From an archive, to be held against its digests. */
  | { readonly type: 'read'; readonly bytes: number; readonly total: number }
  /** Into the engine. */
  | { readonly type: 'transfer'; readonly bytes: number; readonly total: number }
  /** Read back from the engine and hashed. How much there is, no engine tells before. */
  | { readonly type: 'hash'; readonly bytes: number }
  | { readonly type: 'waiting'; readonly holder: string }
  | { readonly type: 'notice'; readonly message: string }
  | { readonly type: 'decision'; readonly message: string };

/** The named steps of an upgrade, in order (design §4). Killed at any of them, the next run finishes or undoes. */
export const steps = [
  'recover',
  'resolve',
  'verify',
  'compare',
  'check-space',
  'store-evidence',
  'download',
  'transfer',
  'identify',
  'tag',
  'commit',
  'write-log-index',
  'remove-older',
] as const;

export type Step = (typeof steps)[number];
