import type { KnownRelease, StateRepairResult, StateResetResult, StateShowResult } from '@dangerzone-image/core';
import { next, note, ok } from './image-lines.ts';

const SHOWN_OF_LOG = 16;
const SHOWN_RELEASES = 5;

/** What a person reads of the state folder. Every line is escaped when it is printed. */
export function stateShowLines(result: StateShowResult): string[] {
  const { status, folder, profile, image, isShared, releases, holder, problems, notices } = result;
  return [
    status === 'healthy' ? ok('the state is sound') : `❌ Damaged: ${problems.length} problem(s) in the state`,
    `   folder: ${folder}${isShared ? ' (shared with Dangerzone)' : ''}`,
    `   profile: ${profile}, image ${image}`,
    ...(holder === undefined ? [] : [`   in use by: ${holder}`]),
    ...releases.slice(0, SHOWN_RELEASES).map(releaseLine),
    ...(releases.length > SHOWN_RELEASES
      ? [`   and ${releases.length - SHOWN_RELEASES} older release(s), see --json`]
      : []),
    ...floorLines(result),
    ...countLines(result),
    ...repairLines(result),
    ...notices.map(note),
    ...problems.map(({ message }) => `❌ Damaged: ${message}`),
    ...[...new Set(problems.map(({ remedy }) => remedy))].map(next),
  ];
}

function releaseLine({
  digest,
  created,
  indexes,
  installedAt,
  supersededAt,
  forced,
  isInstalled,
}: KnownRelease): string {
  const logged = Object.entries(indexes).map(([log, index]) => `entry ${index} of log ${shortLog(log)}`);
  const facts = [
    created ? `content of ${dayOf(created)}` : 'content date unknown',
    ...logged,
    `installed ${dayOf(installedAt)}`,
    ...(supersededAt ? [`replaced ${dayOf(supersededAt)}`] : []),
    ...(forced ? ['installed against the order (--force)'] : []),
    ...(isInstalled ? ['the installed one'] : []),
  ];
  return `   release ${digest}: ${facts.join(', ')}`;
}

function floorLines({ floors }: StateShowResult): string[] {
  return floors.map(({ log, index, origins, proven, recorded, supported }) => {
    const from = origins.map((origin) => `${origin.source} ${origin.index}`).join(', ');
    const by =
      proven?.index === supported && proven
        ? `the stored signature of ${proven.digest}`
        : recorded?.index === supported && recorded
          ? `the record of ${recorded.digest}`
          : supported === undefined
            ? 'nothing'
            : 'the profile';
    return `   accepted from entry ${index} on of log ${shortLog(log)} (${from}); supported by ${by}`;
  });
}

function countLines({ signatures, documents, bundles, pending, kept, leftOvers }: StateShowResult): string[] {
  const more = bundles.files > 0 ? `, ${bundles.files} bundle(s)` : '';
  return [
    `   stored: ${signatures.valid} valid signature(s) in ${signatures.files} file(s), ${documents.files} document(s)${more}`,
    ...(pending ? [`   under way since ${pending.since.toISOString()}: ${pending.digest}`] : []),
    ...leftOvers.map((name) => `   half-written: ${name}`),
    ...kept.map((name) => `   kept aside: ${name}`),
  ];
}

function repairLines({ repairs }: StateShowResult): string[] {
  return repairs.map(({ time, what, floors = [] }) => {
    const changes = floors.map(
      ({ log, before, after }) =>
        `, floor of log ${shortLog(log)} from ${before ?? 'unknown'} to ${after ?? 'the profile’s'}`,
    );
    return `   ${time.toISOString()}: ${what.join(', ')}${changes.join('')}`;
  });
}

export const repairQuestion = 'Repair the state like this?';

/** What a repair does, before it does it. */
export function repairPlanLines({ folder, actions, remaining, notices }: StateRepairResult): string[] {
  return [
    `A repair of ${folder} will:`,
    ...actions.map(({ message }) => ` - ${message}.`),
    ...(actions.some(({ type }) => type === 'lower-floor') ? [note(LOWERED)] : []),
    ...notices.map(note),
    ...remaining.map(({ message }) => note(`not mended by it: ${message}`)),
  ];
}

const LOWERED =
  'a lower floor lets older signed images in than before. Go on only if the floor is wrong, and not because an image was refused.';

export function stateRepairLines(result: StateRepairResult): string[] {
  const { status, actions, remaining } = result;
  const left = [...remaining.map(({ message }) => note(message)), ...remaining.map(({ remedy }) => next(remedy))];
  if (status === 'planned') return [...repairPlanLines(result), next('Do it: dangerzone-image state repair')];
  if (status === 'nothing-to-do') return [ok('nothing to repair'), ...left];
  const isRecorded = actions.some(({ type }) => type !== 'remove-left-over' && type !== 'finish-reset');
  return [
    ok(`the state is repaired${isRecorded ? '; this was recorded in ledger.json' : ''}`),
    ...actions.map(({ message }) => `   done: ${message}`),
    ...result.notices.map(note),
    ...left,
    next('See what is kept: dangerzone-image state show'),
  ];
}

export const resetQuestion = 'Forget all of this?';

/** What a reset does, before it does it. */
export function resetPlanLines({
  folder,
  image,
  backup,
  names,
  floors,
  releases,
  notices,
}: StateResetResult): string[] {
  return [
    `A reset of ${folder} will forget everything about ${image}:`,
    ` - ${releases} accepted release(s), so an older one is not known as replaced any more.`,
    ...floors.map(
      ({ log, before, after }) =>
        ` - the floor ${before} of log ${shortLog(log)}; ${after === undefined ? 'none is left' : `the profile’s ${after} stays`}.`,
    ),
    ` - what is stored; it goes to ${backup ?? ''}: ${names.join(', ')}.`,
    note('the next upgrade takes what the registry offers, also if that is older than what you have had.'),
    note('the image itself stays, and does not verify until the next upgrade.'),
    ...notices.map(note),
  ];
}

export function stateResetLines(result: StateResetResult): string[] {
  const { status, folder, backup } = result;
  if (status === 'planned') return [...resetPlanLines(result), next('Do it: dangerzone-image state reset')];
  if (status === 'nothing-to-do') return [ok('nothing is stored: there is nothing to forget')];
  return [
    ok('everything about the image is forgotten'),
    `   kept: ${backup} in ${folder}`,
    ...result.notices.map(note),
    next('Install it anew: dangerzone-image upgrade'),
  ];
}

function shortLog(log: string): string {
  return `${log.slice(0, SHOWN_OF_LOG)}…`;
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
