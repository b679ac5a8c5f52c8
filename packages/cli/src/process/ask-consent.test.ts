import { PassThrough } from 'node:stream';
import { codeOf } from '@dangerzone-image/core/errors';
import { describe, expect, it } from 'vitest';
import { steersTerminal } from '../run-cli.test-support.ts';
import { askConsent, canAsk, requireConsent, type Terminal } from './ask-consent.ts';

/** A terminal on which somebody types this; `ends`: Ctrl-D follows. */
function terminal(typed: string | undefined, { isTTY = true, ends = false, signal }: Options = {}) {
  const input = Object.assign(new PassThrough(), { isTTY });
  if (typed !== undefined) input.write(typed);
  if (ends) input.end();
  const written: string[] = [];
  const output = { isTTY, write: (text: string) => written.push(text) };
  return { input, output, text: () => written.join(''), ...(signal && { signal }) } satisfies Terminal & {
    text(): string;
  };
}
interface Options {
  isTTY?: boolean;
  ends?: boolean;
  signal?: AbortSignal;
}

const question = { facts: ['This happens.'], question: 'Do it?' };
const refusal = (work: Promise<unknown>) => work.then(() => 'consent', codeOf);

describe('askConsent', () => {
  it.each(['y\n', 'Y\n', 'yes\n', ' YES \n', 'yes\r\n'])('%j is yes', async (typed) => {
    expect(await askConsent(question, terminal(typed))).toBe(true);
  });

  it.each(['n\n', 'no\n', '\n', 'yes please\n', 'yn\n', 'yess\n', 'да\n', 'no\nyes\n', '\u0003\n'])(
    '%j is no',
    async (typed) => {
      expect(await askConsent(question, terminal(typed))).toBe(false);
    },
  );

  it('the end of input is no, also in the middle of a line that was not sent', async () => {
    expect(await askConsent(question, terminal(undefined, { ends: true }))).toBe(false);
    expect(await askConsent(question, terminal('no', { ends: true }))).toBe(false);
  });

  it('Ctrl-C is no', async () => {
    const controller = new AbortController();
    const asked = askConsent(question, terminal(undefined, { signal: controller.signal }));
    controller.abort();
    expect(await asked).toBe(false);
    expect(await askConsent(question, terminal('yes\n', { signal: AbortSignal.abort() }))).toBe(false);
  });

  it('says what is going to happen first, in plain lines, with nothing in them that steers a terminal', async () => {
    const at = terminal('yes\n');
    await askConsent({ facts: ['one', 'two \u001b[2J\r\u202e'], question: 'Do it?' }, at);
    expect(at.text()).toMatch(/^one\ntwo .*\nDo it\? Type yes or no, then Enter: $/);
    expect(at.text()).not.toMatch(steersTerminal);
  });
});

describe('requireConsent', () => {
  const options = { isGiven: false, verb: 'state repair' };

  it('asks nobody when consent was given with the command', async () => {
    const at = terminal(undefined);
    await requireConsent(question, { ...options, isGiven: true }, at);
    expect(at.text()).toBe('');
  });

  it('asks nothing without a terminal, and says how to go on', async () => {
    const at = terminal('yes\n', { isTTY: false });
    const error = await requireConsent(question, options, at).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'CONSENT_DECLINED',
      suggestions: [expect.any(String), expect.stringMatching(/--yes/)],
    });
    expect(at.text()).toBe('');
  });

  it.each([
    [true, false],
    [false, true],
    [undefined, true],
  ])('needs both to read and to write: stdin %s, stderr %s', (stdin, stderr) => {
    const { input, output } = terminal('');
    const isTTY = (value: boolean | undefined) => (value === undefined ? {} : { isTTY: value });
    const bare = {
      input: Object.assign(new PassThrough(), isTTY(stdin)),
      output: { write: output.write, ...isTTY(stderr) },
    };
    expect(canAsk(bare)).toBe(false);
    expect(canAsk({ input, output })).toBe(true);
  });

  it('ends with its own code when the answer is no', async () => {
    expect(await refusal(requireConsent(question, options, terminal('no\n')))).toBe('CONSENT_DECLINED');
    expect(await refusal(requireConsent(question, options, terminal('yes\n')))).toBe('consent');
  });
});
