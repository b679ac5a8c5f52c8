import { PREFERENCES_FILE } from '../preferences/preferences.ts';
import { LAST_LOG_INDEX } from './last-log-index.ts';
import { LEDGER_FILE } from './ledger.ts';
import { installedRelease } from './order.ts';
import { chainOf } from './rank.ts';
import type { FloorInspection, Reason, StateInspection, StateProblem } from './state-inspection.ts';

const REPAIR = 'See what a repair would do: dangerzone-image state repair --dry-run';
const FETCH = 'Fetch them again: dangerzone-image upgrade';

/** Everything that is wrong, and whose it is to mend: `state repair`'s, the next upgrade's, or the user's own. */
export function problemsOf(inspection: StateInspection, floors: readonly FloorInspection[]): StateProblem[] {
  const byHand = [...inspection.problems, ...foreignLedger(inspection)];
  // Where part of the evidence cannot be read, nothing is known to be unproven or missing.
  const isWhole = inspection.problems.length === 0;
  return [
    ...byHand.filter(({ message }, place) => byHand.findIndex((other) => other.message === message) === place),
    ...damagedLedger(inspection),
    ...damagedFloorFile(inspection),
    ...(isWhole ? floors.filter(({ isSupported }) => !isSupported).map(unproven) : []),
    ...inspection.signatures.files.flatMap(({ name, why }) =>
      why ? [mendable('signatures-damaged', name, `stored signatures ${name} are damaged`, why)] : [],
    ),
    ...(isWhole ? missingSignatures(inspection) : []),
    ...inspection.documents.damaged.map(({ name, why }) =>
      mendable('document-damaged', name, `stored document ${name} is damaged`, why),
    ),
    ...inspection.bundles.damaged.map(({ name, why }) =>
      mendable('bundle-damaged', name, `stored bundle ${name} is damaged`, why),
    ),
    ...damagedPreferences(inspection),
  ];
}

function mendable(code: StateProblem['code'], name: string, message: string, why?: Reason): StateProblem {
  return { code, name, message: why ? `${message}: ${why.message}` : message, mendedBy: 'repair', remedy: REPAIR };
}

function foreignLedger({ ledger }: StateInspection): StateProblem[] {
  if (ledger.state !== 'foreign') return [];
  const { message, suggestions } = ledger.why;
  return [{ code: 'ledger-foreign', name: LEDGER_FILE, message, mendedBy: 'hand', remedy: suggestions.join(' ') }];
}

function damagedLedger({ ledger }: StateInspection): StateProblem[] {
  if (ledger.state === 'unreadable' || ledger.state === 'refused')
    return [
      withOwnRemedy(mendable('ledger-damaged', LEDGER_FILE, 'ledger.json cannot be used', ledger.why), ledger.why),
    ];
  if (ledger.state !== 'missing' || !ledger.isMovedAway) return [];
  return [mendable('ledger-damaged', LEDGER_FILE, 'there is no ledger.json, only a damaged one that was kept aside')];
}

/** To repair it loses what it said; where it is only its rights that are wrong, there is a better way. */
function withOwnRemedy(problem: StateProblem, { suggestions }: Reason): StateProblem {
  return { ...problem, remedy: [...suggestions, problem.remedy].join(' ') };
}

function damagedFloorFile({ floorFile }: StateInspection): StateProblem[] {
  if (floorFile.state === 'empty')
    return [mendable('floor-file-damaged', LAST_LOG_INDEX, 'last_log_index is empty: a write was cut off')];
  if (floorFile.state !== 'damaged') return [];
  return [mendable('floor-file-damaged', LAST_LOG_INDEX, 'last_log_index cannot be used', floorFile.why)];
}

function damagedPreferences({ unusablePreferences: why }: StateInspection): StateProblem[] {
  if (!why) return [];
  return [
    withOwnRemedy(mendable('preferences-damaged', PREFERENCES_FILE, `${PREFERENCES_FILE} cannot be used`, why), why),
  ];
}

function unproven({ log, index, origins, supported }: FloorInspection): StateProblem {
  const sources = origins.filter((origin) => origin.index === index).map(({ source }) => source);
  const most = supported === undefined ? 'nothing supports any' : `the highest that is supported is ${supported}`;
  const message = `the floor ${index} of log ${log} (from ${sources.join(', ')}) is above all that was accepted: ${most}`;
  return mendable('floor-unproven', log, message);
}

function missingSignatures({ ledger, signatures, bundles }: StateInspection): StateProblem[] {
  const installed = ledger.state === 'sound' ? installedRelease(ledger.ledger) : undefined;
  if (!installed) return [];
  const stored = new Set([...signatures.files.map(({ digest }) => digest), ...bundles.about]);
  if (chainOf(installed).some((digest) => stored.has(digest))) return [];
  return [
    {
      code: 'signatures-missing',
      name: installed.signed,
      message: `no signature by a trusted key is stored for the installed release ${installed.signed}`,
      mendedBy: 'upgrade',
      remedy: FETCH,
    },
  ];
}
