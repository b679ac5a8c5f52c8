import type { AutoResult, CheckResult, Digest, HistoryResult, StatusResult, UpdateFacts } from '@dangerzone-image/core';
import { CodedError, type ErrorCode, escapeControls, exitCodes } from '@dangerzone-image/core/errors';
import { describe, expect, it } from 'vitest';
import { steersTerminal } from '../run-cli.test-support.ts';
import { autoLines, updateFactLines } from './auto-lines.ts';
import { historyLines } from './history-lines.ts';
import { jsonLine } from './json-line.ts';
import { renderError } from './render-error.ts';
import { checkLines, statusLines } from './result-lines.ts';
import { showResult } from './show-result.ts';
import { requireRunnable, statusExitCode } from './status-verdict.ts';

/** What steers a terminal or hides text, each in one string. */
const hostile =
  'a\u001b]52;c;eA==\u0007\u001b[2J\r\b\u009b31m\u202e\u2066\u200b\ufeff\u2028\u{e0041}\ud800b\nINJECTED\u0000';

const digest = `sha256:${'a'.repeat(64)}` as Digest;
const image = { name: hostile, tag: hostile, digest, platform: hostile };
const signatures = [{ verdict: 'invalid', digest, reason: 'payload-other-image', detail: hostile }] as const;
const status: StatusResult = {
  verb: 'status',
  status: 'not-verified',
  image,
  signatures,
  floor: { [hostile]: 1 },
  reason: { code: 'SIGNATURE_MISSING', message: hostile, suggestions: [hostile] },
  notices: [hostile],
};
const check: CheckResult = {
  verb: 'check',
  status: 'update-available',
  image,
  installed: { ...image, digest: hostile as Digest },
  signatures,
  freshness: { limitDays: 60, isStale: true, ageDays: 80 },
};
const past: HistoryResult = {
  verb: 'history',
  status: 'damaged',
  folder: hostile,
  image: hostile,
  records: [
    {
      number: 1,
      previous: hostile,
      time: new Date(0),
      verb: hostile,
      event: 'refused',
      code: hostile,
      message: hostile,
    },
  ],
  problems: [hostile],
  notices: [hostile],
};
const historyWithRecords = (result: HistoryResult) => historyLines(result, { isVerdictOnly: false });
const decided: AutoResult = {
  verb: 'auto',
  status: 'update-failed',
  decision: { row: 8, action: 'nothing', reason: 'install-failed' },
  image,
  signatures,
  reason: { code: hostile, message: hostile },
};
const facts: UpdateFacts = { image: { ...image, digest: hostile as Digest }, signatures, download: { bytes: 1 } };
const expected = { repository: hostile };
const error = new CodedError('SIGNATURE_MISSING', hostile, {
  suggestions: [hostile],
  details: { tag: hostile, [hostile]: 1 },
  cause: new Error(hostile),
});
const invocation = { verb: 'check', version: '1', isJson: false, isDebug: false };

describe('text from outside', () => {
  it.each([
    ['a status', showResult(status, { isJson: false, isQuiet: false, lines: statusLines })],
    ['a check', showResult(check, { isJson: false, isQuiet: false, lines: checkLines })],
    ['the history', showResult(past, { isJson: false, isQuiet: false, lines: historyWithRecords })],
    ['a decision', showResult(decided, { isJson: false, isQuiet: false, lines: autoLines })],
    ['what a person is asked about', `${updateFactLines(facts).map(escapeControls).join('\n')}\n`],
    ['an error', renderError(error, invocation).stderr],
    ['a bug', renderError(new TypeError(hostile), invocation).stderr],
    ['something thrown that is no error', renderError(hostile, invocation).stderr],
    ['a stack trace', renderError(error, { ...invocation, isDebug: true }).stderr],
  ])('bad input 182: in %s it is printed escaped, and adds no line', (_, text) => {
    expect(text).not.toMatch(steersTerminal);
    expect(text).toContain('\\x1b]52');
    expect(text).not.toContain('\nINJECTED');
  });

  it.each<[string, string, (answer: { image: object; error: { message: string } }) => unknown, unknown]>([
    [
      'a result',
      showResult(check, { isJson: true, isQuiet: true, lines: checkLines }),
      (answer) => answer.image,
      image,
    ],
    ['an error', renderError(error, { ...invocation, isJson: true }).stdout, (answer) => answer.error.message, hostile],
  ])('bad input 183: %s stays one JSON document on one line, with the text as it was', (_, text, pick, expected) => {
    expect(text).not.toMatch(steersTerminal);
    expect(text.indexOf('\n')).toBe(text.length - 1);
    expect(pick(JSON.parse(text))).toEqual(expected);
  });
});

describe('what a person is asked about', () => {
  const commit = '62cb1f1e485829bafe8bbec8b9900c0cb7624fe7';

  it.each<[NonNullable<UpdateFacts['provenance']>, string]>([
    [{ ...expected, verdict: 'accepted', commit }, '✅'],
    [{ ...expected, verdict: 'accepted', commit, key: 'a'.repeat(64) }, 'no runner'],
    [{ ...expected, verdict: 'refused' }, 'counts'],
    [{ ...expected, verdict: 'missing' }, 'no provenance is attested'],
    [{ ...expected, verdict: 'unknown' }, 'could not be looked up'],
  ])('tells where it was built, $verdict, and the commit only of what was accepted', (provenance, words) => {
    const line = updateFactLines({ ...facts, provenance }).at(-1);
    expect(line).toContain(words);
    expect(line?.includes(commit)).toBe(provenance.verdict === 'accepted');
    expect(line?.startsWith('✅')).toBe(provenance.verdict === 'accepted' && provenance.key === undefined);
  });
});

describe('jsonLine', () => {
  it('writes numbers beyond 2^53 as text, and dates in RFC 3339', () => {
    expect(jsonLine({ big: 2n ** 60n, at: new Date(0) })).toBe(
      '{"big":"1152921504606846976","at":"1970-01-01T00:00:00.000Z"}\n',
    );
  });
});

describe('renderError', () => {
  it.each(Object.entries(exitCodes))('%s ends with %i, and always says what to do', (code, exitCode) => {
    const rendered = renderError(new CodedError(code as ErrorCode, 'x'), { ...invocation, isJson: true });
    expect(rendered.exitCode).toBe(exitCode);
    expect(JSON.parse(rendered.stdout).error.suggestions).toHaveLength(1);
  });

  it('knows an error of another copy of core by its code', () => {
    const foreign = Object.assign(new Error('x'), { code: 'RUNTIME_FAILED', suggestions: 'not a list', details: null });
    expect(renderError(foreign, invocation)).toMatchObject({
      exitCode: 6,
      stderr: expect.stringMatching(/^❌ RUNTIME_FAILED: x\n→ /),
    });
  });

  it.each([['ENOENT'], ['toString'], ['__proto__']])(
    'takes the foreign code %s for a bug, never for a success',
    (code) => {
      expect(renderError(Object.assign(new Error('x'), { code }), invocation).exitCode).toBe(1);
    },
  );

  it('ends although causes go round in a circle', () => {
    const circle = new Error('x');
    circle.cause = circle;
    expect(renderError(circle, { ...invocation, isDebug: true }).exitCode).toBe(1);
  });
});

describe('a result', () => {
  it('says nothing to a person who wants errors only, and still answers a program', () => {
    expect(showResult(check, { isJson: false, isQuiet: true, lines: checkLines })).toBe('');
    expect(showResult(check, { isJson: true, isQuiet: true, lines: checkLines })).toMatch(
      /^\{"schema":1,"verb":"check","status":"update-available",/,
    );
  });

  it('turns a status into a verdict where that was asked for', () => {
    expect(
      (['verified', 'not-installed', 'not-verified'] as const).map((each) => statusExitCode({ status: each })),
    ).toEqual([0, 6, 3]);
  });

  it('prints what to run for a verified image only', () => {
    const facts = { name: 'registry.example.org/x', digest };
    expect(requireRunnable({ status: 'verified', image: facts })).toBe(`registry.example.org/x@${digest}`);
    expect(() => requireRunnable(status)).toThrow(expect.objectContaining({ code: 'IMAGE_NOT_VERIFIED' }));
    expect(() => requireRunnable({ status: 'not-installed' })).toThrow(
      expect.objectContaining({ code: 'IMAGE_NOT_INSTALLED' }),
    );
  });
});
