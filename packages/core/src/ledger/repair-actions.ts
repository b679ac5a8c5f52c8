import type { Digest } from '../oci/digest.ts';
import { PREFERENCES_FILE } from '../preferences/preferences.ts';
import type { InspectedProfile } from './inspect-state.ts';
import { LAST_LOG_INDEX } from './last-log-index.ts';
import { type FloorChange, LEDGER_FILE, type Ledger } from './ledger.ts';
import type { Release } from './release.ts';
import type { FloorInspection, SignatureFile, StateInspection } from './state-inspection.ts';

/** One thing that a repair does, said before it is done. */
export interface RepairAction {
  readonly type:
    | 'rebuild-ledger'
    | 'lower-floor'
    | 'write-floor-file'
    | 'keep-valid-signatures'
    | 'move-aside'
    | 'remove-left-over'
    | 'finish-reset';
  /** Path in the state folder; the log where it is about a floor. */
  readonly name: string;
  readonly message: string;
  readonly floor?: FloorChange;
}

export function finish(backup: string): RepairAction {
  return {
    type: 'finish-reset',
    name: backup,
    message: `finish the reset that was cut short: the rest goes to ${backup}`,
  };
}

export function rebuild({ ledger }: StateInspection, next: Ledger, installed: readonly Release[]): RepairAction {
  const kept = ledger.state === 'missing' ? '' : ', and keep the damaged one beside it';
  const releases =
    installed.map(({ signed }) => signed).join(', ') || 'no release, since no engine was seen to have one';
  const floors = Object.entries(next.floors).map(([log, index]) => `${index} in log ${log}`);
  const floor = floors.join(', ') || 'the profile’s alone';
  const message = `write ledger.json anew${kept}: accepted is ${releases}; the floor is ${floor}. Lost is which older images were replaced, and any higher floor that it had`;
  return { type: 'rebuild-ledger', name: LEDGER_FILE, message };
}

export function lower({ log, index, supported, origins }: FloorInspection): RepairAction {
  const from = origins.filter((origin) => origin.index > (supported ?? -1)).map(({ source }) => source);
  const message =
    supported === undefined
      ? `take away the floor ${index} of log ${log} (in ${from.join(', ')}): nothing supports any. An older signed image can be installed then`
      : `lower the floor of log ${log} (in ${from.join(', ')}) from ${index} to ${supported}, the highest that is supported. Images signed from there on can be installed then`;
  const floor = { log, before: index, ...(supported !== undefined && { after: supported }) };
  return { type: 'lower-floor', name: log, message, floor };
}

export function rewriteFloorFile(
  { dangerzoneLogId: log = '' }: InspectedProfile,
  { floorFile }: StateInspection,
  { index }: { readonly index?: number },
): RepairAction {
  const kept = floorFile.state === 'damaged' ? ', and keep the damaged one beside it' : '';
  const lost =
    floorFile.state === 'sound' ? '' : '. What it said is lost; if that was higher, older images can be installed';
  const message =
    index === undefined
      ? `take last_log_index away${kept}: nothing supports a floor`
      : `write ${index} into last_log_index${kept}: the highest that is supported`;
  const floor = { log, ...(index !== undefined && { after: index }) };
  const isToldElsewhere = floorFile.state === 'sound';
  return {
    type: 'write-floor-file',
    name: LAST_LOG_INDEX,
    message: message + lost,
    ...(isToldElsewhere ? {} : { floor }),
  };
}

export function setAside({ name, valid }: SignatureFile): RepairAction {
  return valid > 0
    ? {
        type: 'keep-valid-signatures',
        name,
        message: `leave the ${valid} valid signature(s) in ${name}, and keep the file as it was beside it`,
      }
    : { type: 'move-aside', name, message: `move ${name} aside: it is fetched anew when it is needed` };
}

export function documentAside(name: string, digest: Digest): RepairAction {
  return { type: 'move-aside', name, message: `move ${name} aside: its bytes are not those of ${digest}` };
}

export function bundleAside(name: string): RepairAction {
  return { type: 'move-aside', name, message: `move ${name} aside: its bytes are not those that its name says` };
}

export function preferencesAside(): RepairAction {
  const message = `move ${PREFERENCES_FILE} aside: what you decided about updates, and a pin, are as if never said until you say them again`;
  return { type: 'move-aside', name: PREFERENCES_FILE, message };
}

export function leftOver(name: string): RepairAction {
  return { type: 'remove-left-over', name, message: `remove the half-written ${name} of a run that was killed` };
}
