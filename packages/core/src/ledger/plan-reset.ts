import type { InspectedProfile } from './inspect-state.ts';
import { emptyLedger, type Ledger } from './ledger.ts';
import { isResetFolder, isResettable } from './ledger-schema.ts';
import type { StateInspection } from './state-inspection.ts';

export interface ResetPlan {
  /** The folder, in the state folder, into which everything goes. */
  readonly to: string;
  /** What goes there. */
  readonly names: readonly string[];
  /** The ledger as it will be: empty, with a record of the reset. */
  readonly ledger: Ledger;
}

/**
 * What a reset puts away: by name, and nothing that is not ours. In Dangerzone's folder only signatures by this profile's
 * keys are; a folder of our own holds no others.
 */
export function planReset(profile: InspectedProfile, inspection: StateInspection, now: Date): ResetPlan | undefined {
  const { dangerzoneLogId, image, trust } = profile;
  const own = new Set(trust.keys.map(({ fileDigest }) => `signatures/${fileDigest}`));
  const isOwn = (name: string) => !KEY_FOLDER.test(name) || dangerzoneLogId === undefined || own.has(name);
  const names = inspection.names.filter((name) => isResettable(name) && isOwn(name));
  if (names.length === 0 && isBlank(inspection.ledger)) return undefined;
  const to = folderOf(now, inspection);
  const known = inspection.ledger.state === 'sound' ? inspection.ledger.ledger : undefined;
  const floors = Object.entries(known?.floors ?? {}).map(([log, before]) => ({ log, before }));
  const record = { time: now, what: ['reset'], ...(floors.length > 0 && { floors }) };
  // The journal stays, and goes on: that something was forgotten must not be forgotten.
  const kept = known?.journal && { journal: known.journal };
  const ledger = { ...emptyLedger(image), historyLost: true, repairs: [record], reset: { to, names }, ...kept };
  return { to, names, ledger };
}

/** No ledger, or one that remembers nothing but repairs. */
function isBlank(inspection: StateInspection['ledger']): boolean {
  if (inspection.state !== 'sound') return inspection.state === 'missing';
  const { releases, floors, seen, pending, lastCheck, reset } = inspection.ledger;
  const isNothingOpen = pending === undefined && lastCheck === undefined && reset === undefined;
  return isNothingOpen && [releases, floors, seen].every((known) => Object.keys(known).length === 0);
}

const KEY_FOLDER = /^signatures\/[0-9a-f]{64}$/;

/** `reset-20260131T120000Z`, with a number where that is taken. */
function folderOf(now: Date, { kept }: StateInspection): string {
  const time = now
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:]/g, '');
  const taken = new Set(kept);
  for (let number = 1; number < 1000; number++) {
    const name = number === 1 ? `reset-${time}` : `reset-${time}-${number}`;
    if (isResetFolder(name) && !taken.has(name)) return name;
  }
  return `reset-${time}`;
}
