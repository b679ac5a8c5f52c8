import type { AuthorityFacts, TrustExportResult, TrustShowResult } from '@dangerzone-image/core';
import type { TrustUpdateResult } from '@dangerzone-image/tuf';
import { next, note, ok } from './image-lines.ts';

const SHOWN_OF_ID = 16;

const origins: Readonly<Record<TrustShowResult['status'], string>> = {
  'built-in': 'it came with this version, from',
  updated: 'it was fetched from',
  file: 'it is the file',
  archive: 'it came with the archive',
};

/** What a person reads of the public trusted root. Every line is escaped when it is printed. */
export function trustShowLines(result: TrustShowResult): string[] {
  const { status, from, date, ageDays, profile, pinnedLogs, notices } = result;
  const age = date && ageDays !== undefined ? ` on ${dayOf(date)}, ${Math.max(0, Math.floor(ageDays))} days ago` : '';
  return [
    ok(`the trusted root can be read: ${origins[status]} ${from}${age}`),
    ...factLines('log', result.logs),
    ...factLines('certificate authority', result.certificateAuthorities),
    ...factLines('certificate log', result.certificateLogs),
    ...factLines('timestamp authority', result.timestampAuthorities),
    pinnedLogs
      ? `   profile ${profile}: its signatures rest on its own log(s) ${pinnedLogs.map(shortId).join(', ')}, not on this root`
      : `   profile ${profile}: its signatures rest on this root`,
    ...notices.map(note),
    ...(status === 'file' ? [] : [next('Fetch a newer one: dangerzone-image trust update')]),
  ];
}

function factLines(what: string, all: readonly AuthorityFacts[]): string[] {
  return all.map(
    ({ id, url, start, end }) =>
      `   ${what} ${shortId(id)}${url ? ` ${url}` : ''}: from ${dayOf(start)}${end ? ` to ${dayOf(end)}` : ''}`,
  );
}

export function trustUpdateLines({ status, from, versions, expires, notices }: TrustUpdateResult): string[] {
  const { root, timestamp, snapshot, targets } = versions;
  return [
    ok(status === 'updated' ? 'the trusted root is updated' : 'the trusted root is up to date'),
    `   from: ${from}`,
    `   root ${root}, targets ${targets}, snapshot ${snapshot}, timestamp ${timestamp}, which is good until ${dayOf(expires.timestamp)}`,
    ...notices.map(note),
    next('See what it says: dangerzone-image trust show'),
  ];
}

export function trustExportLines({ file, bytes, date }: TrustExportResult): string[] {
  return [ok(`the trusted root${date ? ` of ${dayOf(date)}` : ''} is in ${file} (${bytes} bytes)`)];
}

function shortId(id: string): string {
  return `${id.slice(0, SHOWN_OF_ID)}…`;
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
