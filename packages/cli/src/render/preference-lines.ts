import type { PinResult, StatusResult, UpdatesResult } from '@dangerzone-image/core';
import { next, note, ok } from './image-lines.ts';

const meanings = {
  off: 'updates are off: nothing is looked for',
  ask: 'updates are looked for, and you are asked before a download',
  on: 'updates are looked for and installed',
} as const;

const DECIDE = 'Decide: dangerzone-image updates off|ask|on';

export function updatesLines({ status, intervalHours, pinned, lastCheck, notices }: UpdatesResult): string[] {
  return [
    status === 'not-decided' ? note('nobody decided about updates: nothing is looked for') : ok(meanings[status]),
    ...(status === 'ask' || status === 'on' ? [`   every ${intervalHours} hours, by dangerzone-image auto`] : []),
    ...(pinned ? [pinnedLine(pinned)] : []),
    ...(lastCheck ? [`   last check: ${lastCheck.time.toISOString()}`] : []),
    ...notices.map(note),
    ...(status === 'not-decided' ? [next(DECIDE)] : []),
  ];
}

export function pinLines({ pinned }: PinResult): string[] {
  return pinned
    ? [ok(`pinned since ${pinned.since.toISOString()}`), next('Undo it: dangerzone-image unpin')]
    : [ok('not pinned')];
}

/** What `status` says of the same. */
export function preferenceLines({ updates, pinned, remote }: StatusResult): string[] {
  return [
    `   updates: ${updates ?? 'off, since nobody decided (dangerzone-image updates off|ask|on)'}`,
    ...(pinned ? [pinnedLine(pinned)] : []),
    ...(remote ? [`   known to be newer: ${remote.digest}, seen ${remote.seenAt.toISOString()}`] : []),
  ];
}

function pinnedLine({ since }: NonNullable<UpdatesResult['pinned']>): string {
  return `   pinned since ${since.toISOString()}: nothing is installed by decision`;
}
