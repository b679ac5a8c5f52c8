import type { ProgressEvent } from '@dangerzone-image/core';
import { describe, expect, it } from 'vitest';
import type { ProgressStyle } from '../options/verb-options.ts';
import { formatBytes, formatDuration } from './format-amount.ts';
import { createProgress } from './progress.ts';

interface Setting {
  readonly style?: ProgressStyle;
  readonly isQuiet?: boolean;
  readonly isDebug?: boolean;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** Shows events at their times, in milliseconds. */
function shown(
  events: readonly (readonly [number, ProgressEvent])[],
  { style = 'auto', isQuiet = false, isDebug = false, ...terminal }: Setting = {},
): string {
  let time = 0;
  const parts: string[] = [];
  const stderr = { ...terminal, write: (part: string) => parts.push(part) };
  const progress = createProgress({ style, isQuiet, isDebug, stderr, now: () => time });
  for (const [at, event] of events) {
    time = at;
    progress.report(event);
  }
  progress.end();
  return parts.join('');
}

const transfer = (megabytes: number): ProgressEvent => ({ type: 'download', bytes: megabytes * 1e6, total: 100e6 });
const all: readonly (readonly [number, ProgressEvent])[] = [
  [0, { type: 'step', step: 'verify' }],
  [0, { type: 'notice', message: 'mind\u001b[2J' }],
  [0, { type: 'decision', message: 'because' }],
  [0, { type: 'waiting', holder: 'upgrade (process 1)' }],
  [0, { type: 'size', bytes: 12.3e6, freeBytes: 5e9 }],
];

describe('plain progress', () => {
  it('is a line per event, escaped, with the size before the download', () => {
    expect(shown(all).split('\n')).toEqual([
      'Verifying signatures …',
      '⚠️ Note: mind\\x1b[2J',
      'Waiting for upgrade (process 1) …',
      'To download: 12.3 MB (5.0 GB free)',
      '',
    ]);
  });

  it('tells of a transfer at each tenth, with rate and time left', () => {
    const events = Array.from({ length: 101 }, (_, at) => [at * 100, transfer(at)] as const);
    const lines = shown(events).trimEnd().split('\n');
    expect(lines).toHaveLength(10);
    expect(lines[0]).toBe('Downloaded 10.0 MB of 100.0 MB (10 %), 10.0 MB/s, 9 s left');
    expect(lines[9]).toBe('Downloaded 100.0 MB of 100.0 MB (100 %), 10.0 MB/s');
  });

  it('breaks a silence of ten seconds', () => {
    const events = [0, 5, 11, 12, 22].map((seconds) => [seconds * 1000, transfer(1 + seconds / 100)] as const);
    expect(shown(events).trimEnd().split('\n')).toHaveLength(2);
  });

  it('says why only with --debug, even beside --quiet', () => {
    expect(shown(all, { isDebug: true })).toContain('Decided: because\n');
    expect(shown(all, { isDebug: true, isQuiet: true })).toBe('Decided: because\n');
    expect(shown(all, { isQuiet: true })).toBe('');
  });
});

describe('progress on a terminal', () => {
  const tty = { isTTY: true, columns: 40 };

  it('writes one line over and over, cut to the width, and leaves it empty', () => {
    const text = shown(
      [
        [0, transfer(1)],
        [200, transfer(2)],
      ],
      tty,
    );
    const lines = text.split('\r\u001b[K');
    expect(lines.slice(1)).toEqual([
      'Downloaded 1.0 MB of 100.0 MB (1 %)',
      'Downloaded 2.0 MB of 100.0 MB (2 %), 5.',
      '',
    ]);
  });

  it('draws no more than ten times a second, and always the end', () => {
    const events = Array.from({ length: 101 }, (_, at) => [at, transfer(at)] as const);
    expect(shown(events, tty).match(/Downloaded/g)).toHaveLength(2);
  });

  it('keeps notices above the line', () => {
    expect(shown(all, tty)).toContain('⚠️ Note: mind\\x1b[2J\n');
  });

  it('is plain where the user says so', () => {
    expect(shown(all, { ...tty, style: 'plain' })).not.toContain('\r');
  });
});

describe('progress for programs', () => {
  it('is one JSON document a line', () => {
    const lines = shown(all, { style: 'json' }).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual(
      all.map(([, event]) => event).filter(({ type }) => type !== 'decision'),
    );
  });

  it('tells of a transfer ten times a second at the most', () => {
    const events = Array.from({ length: 101 }, (_, at) => [at, transfer(at)] as const);
    expect(shown(events, { style: 'json' }).trimEnd().split('\n')).toHaveLength(2);
  });

  it('is silent with none, but for what the user must know', () => {
    expect(shown([...all, [0, transfer(1)]], { style: 'none' })).toBe('⚠️ Note: mind\\x1b[2J\n');
  });
});

describe('amounts', () => {
  it.each([
    [0, '0 bytes'],
    [999, '999 bytes'],
    [1000, '1.0 kB'],
    [999_500, '1.0 MB'],
    [12_345_678, '12.3 MB'],
    [5e12, '5.0 TB'],
    [5e15, '5000.0 TB'],
  ])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  it.each([
    [1, '1 s'],
    [59_000, '59 s'],
    [61_000, '1 min 1 s'],
    [3_660_000, '1 h 1 min'],
  ])('%d ms are %s', (milliseconds, text) => expect(formatDuration(milliseconds)).toBe(text));
});
