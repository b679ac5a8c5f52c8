import { inspectFloors } from './inspect-floors.ts';
import type { InspectedProfile } from './inspect-state.ts';
import { emptyLedger, type FloorChange, type Ledger, MAX_REPAIRS } from './ledger.ts';
import { adoptInstalled, raiseFloor, recordSeen } from './ledger-changes.ts';
import type { Release, Sighting } from './release.ts';
import {
  bundleAside,
  documentAside,
  finish,
  leftOver,
  lower,
  preferencesAside,
  type RepairAction,
  rebuild,
  rewriteFloorFile,
  setAside,
} from './repair-actions.ts';
import type { FloorInspection, StateInspection, StateProblem } from './state-inspection.ts';
import { problemsOf } from './state-problems.ts';

export interface RepairPlan {
  readonly actions: readonly RepairAction[];
  /** What a repair does not mend. */
  readonly remaining: readonly StateProblem[];
  /** The ledger as it will be; absent where it stays as it is. */
  readonly ledger?: Ledger;
  /** What last_log_index will say; absent where it stays, `index` absent where it goes. */
  readonly floorFile?: { readonly index?: number };
}

/**
 * What a repair of this state would do. Pure, so that what the user agreed to and what is done can be compared. A floor
 * goes down only where it is above profile, stored signatures and the ledger's own record of what was accepted, and then
 * to the highest of these: no release that was ever accepted, or whose signature is here, falls below it.
 */
export function planRepair(
  profile: InspectedProfile,
  inspection: StateInspection,
  installed: readonly Release[],
  now: Date,
): RepairPlan {
  const known = inspection.ledger.state === 'sound' ? inspection.ledger.ledger : undefined;
  if (known?.reset) return { actions: [finish(known.reset.to)], remaining: [] };
  const base = known ?? rebuilt(profile.image, inspection, installed, now);
  const floors = inspectFloors(profile, { ...inspection, ledger: base });
  const remaining = problemsOf(inspection, floors).filter(({ mendedBy }) => mendedBy !== 'repair');
  if (remaining.some(({ mendedBy }) => mendedBy === 'hand')) return { actions: [], remaining };

  const wrong = floors.filter(({ isSupported }) => !isSupported);
  const isLost = needsRebuild(inspection);
  const lost = isLost ? [rebuild(inspection, base, installed)] : [];
  const lowered = wrong.map(lower);
  const corrected = withFloors(base, wrong, inspection.signatures.sightings);
  const floorFile = floorFileOf(profile, inspection, floors);
  const files: readonly RepairAction[] = [
    ...(floorFile ? [rewriteFloorFile(profile, inspection, floorFile)] : []),
    ...inspection.signatures.files.filter(({ why }) => why).map(setAside),
    ...inspection.documents.damaged.map(({ name, digest }) => documentAside(name, digest)),
    ...inspection.bundles.damaged.map(({ name }) => bundleAside(name)),
    ...(inspection.unusablePreferences ? [preferencesAside()] : []),
  ];
  const recorded = [...lost, ...lowered, ...files];
  const leftOvers = inspection.leftOvers.map(leftOver);
  if (recorded.length === 0) return { actions: leftOvers, remaining };
  const changes = [
    ...(isLost ? floorsAfterLoss(corrected) : []),
    ...[...lowered, ...files].flatMap(({ floor }) => floor ?? []),
  ];
  return {
    actions: [...recorded, ...leftOvers],
    remaining,
    ledger: withRecord(corrected, recorded, changes, now),
    ...(floorFile && { floorFile }),
  };
}

/** True where the next ledger has to be made from what an engine has and what is stored. */
export function needsRebuild({ ledger }: StateInspection): boolean {
  return (
    ledger.state === 'unreadable' || ledger.state === 'refused' || (ledger.state === 'missing' && ledger.isMovedAway)
  );
}

/**
 * Accepted is what an engine has and verifies. Stored signatures say that something was signed, not that it was accepted:
 * they make no release, but hold the floor where the lost ledger had it, or higher.
 */
function rebuilt(image: string, inspection: StateInspection, installed: readonly Release[], now: Date): Ledger {
  const { sightings } = inspection.signatures;
  const seen = sightings.reduce(recordSeen, emptyLedger(image));
  const adopted = adoptInstalled(seen, installed, now);
  const isLost = needsRebuild(inspection);
  if (!isLost) return adopted;
  const floored = Object.entries(inspection.signatures.highest).reduce(
    (ledger, [log, { index }]) => raiseFloor(ledger, log, index),
    adopted,
  );
  return { ...floored, historyLost: true };
}

/** With what set the new floor remembered, the release that it comes from is known by its own entry. */
function withFloors(ledger: Ledger, wrong: readonly FloorInspection[], sightings: readonly Sighting[]): Ledger {
  if (wrong.length === 0) return ledger;
  const floors = { ...ledger.floors };
  for (const { log, proven, recorded } of wrong) {
    const supports = [proven?.index, recorded?.index].filter((index) => index !== undefined);
    delete floors[log];
    if (supports.length > 0) floors[log] = Math.max(...supports);
  }
  return { ...sightings.reduce(recordSeen, ledger), floors };
}

/**
 * What a lost file said is not known, and may have been higher than the ledger's floor: Dangerzone installs by itself. So it
 * gets the highest floor that anything supports; there is no file where nothing does.
 */
function floorFileOf(
  { dangerzoneLogId: log }: InspectedProfile,
  { floorFile }: StateInspection,
  floors: readonly FloorInspection[],
): RepairPlan['floorFile'] {
  if (log === undefined) return undefined;
  const supported = floors.find((floor) => floor.log === log)?.supported;
  const isLost = floorFile.state === 'damaged' || floorFile.state === 'empty';
  const isTooHigh = floorFile.state === 'sound' && floorFile.index > (supported ?? -1);
  if (!isLost && !isTooHigh) return undefined;
  return supported === undefined ? {} : { index: supported };
}

function floorsAfterLoss({ floors }: Ledger): FloorChange[] {
  return Object.entries(floors).map(([log, after]) => ({ log, after }));
}

function withRecord(
  ledger: Ledger,
  actions: readonly RepairAction[],
  floors: readonly FloorChange[],
  time: Date,
): Ledger {
  const what = [...new Set(actions.map(({ type }) => type))];
  const record = { time, what, ...(floors.length > 0 && { floors }) };
  return { ...ledger, repairs: [...(ledger.repairs ?? []), record].slice(-MAX_REPAIRS) };
}
