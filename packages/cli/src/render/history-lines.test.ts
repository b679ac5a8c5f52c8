import type { HistoryResult } from '@dangerzone-image/core';
import { expect, it } from 'vitest';
import { historyLines } from './history-lines.ts';

function lineOf(message: string) {
  const record = {
    number: 1,
    previous: '0',
    time: new Date(0),
    verb: 'auto',
    event: 'decided',
    row: 12,
    message,
  } as const;
  const result = { verb: 'history', status: 'consistent', folder: '/state', image: 'a/b', records: [record] };
  return historyLines({ ...result, problems: [], notices: [] } as HistoryResult, { isVerdictOnly: false })[0];
}

it.each([
  ['no-image', 'there is no image'],
  ['of-a-later-version', 'of-a-later-version'],
  ['constructor', 'constructor'],
])('history tells the reason %s of a decision as auto does', (reason, words) => {
  expect(lineOf(reason)).toMatch(new RegExp(`: decided: ${words} \\(row 12 of the decision table\\)$`));
});
