import type { FloorChange, Pending, RepairRecord } from '../ledger/ledger.ts';
import type { RepairAction } from '../ledger/repair-actions.ts';
import type { FloorInspection, StateProblem } from '../ledger/state-inspection.ts';
import type { Digest } from '../oci/digest.ts';

/** What is in the state folder, each thing verified while it was read. */
export interface StateShowResult {
  readonly verb: 'state show';
  readonly status: 'healthy' | 'damaged';
  readonly folder: string;
  /** Shared with Dangerzone: its signatures and its last_log_index are the same files. */
  readonly isShared: boolean;
  readonly profile: string;
  readonly image: string;
  /** Accepted releases, the newest first. */
  readonly releases: readonly KnownRelease[];
  readonly floors: readonly FloorInspection[];
  readonly pending?: Pick<Pending, 'since' | 'forced'> & { readonly digest: Digest };
  readonly signatures: { readonly files: number; readonly valid: number; readonly damaged: readonly string[] };
  readonly documents: {
    readonly files: number;
    readonly damaged: readonly string[];
    readonly missing: readonly Digest[];
  };
  readonly bundles: { readonly files: number; readonly damaged: readonly string[] };
  readonly repairs: readonly RepairRecord[];
  readonly leftOvers: readonly string[];
  /** Damaged files that were kept aside, and what resets put away. */
  readonly kept: readonly string[];
  /** Who works on this state now. */
  readonly holder?: string;
  readonly problems: readonly StateProblem[];
  readonly notices: readonly string[];
}

export interface KnownRelease {
  readonly digest: Digest;
  readonly created?: Date;
  readonly loggedAt?: Date;
  /** Lowest log index, by log ID. */
  readonly indexes: Readonly<Record<string, number>>;
  readonly installedAt: Date;
  readonly supersededAt?: Date;
  readonly forced?: boolean;
  readonly isInstalled: boolean;
  readonly isNewest: boolean;
}

/** What a repair or a reset does, as it is shown before. */
export interface StateChange {
  readonly folder: string;
  readonly image: string;
  readonly actions: readonly RepairAction[];
  /** What it does not mend. */
  readonly remaining: readonly StateProblem[];
  readonly notices: readonly string[];
}

export interface StateRepairResult extends StateChange {
  readonly verb: 'state repair';
  /** `planned`: shown alone. `nothing-to-do`: nothing is damaged that a repair can mend. */
  readonly status: 'repaired' | 'planned' | 'nothing-to-do';
}

export interface ResetChange {
  readonly folder: string;
  readonly image: string;
  /** Where everything goes: a folder in the state folder. */
  readonly backup?: string;
  /** What goes there. */
  readonly names: readonly string[];
  /** Floors that are forgotten; what the profile says stays in force. */
  readonly floors: readonly FloorChange[];
  /** How many accepted releases are forgotten. */
  readonly releases: number;
  readonly notices: readonly string[];
}

export interface StateResetResult extends ResetChange {
  readonly verb: 'state reset';
  readonly status: 'reset' | 'planned' | 'nothing-to-do';
}
