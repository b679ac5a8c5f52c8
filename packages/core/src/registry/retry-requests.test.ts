import { describe, expect, it } from 'vitest';
import { CodedError } from '../errors/coded-error.ts';
import { recordPauses } from './retry-policy.test-support.ts';
import { retryRequests } from './retry-requests.ts';
import type { HttpAnswer, HttpRequest } from './send-request.ts';

type Outcome = number | Error | { readonly status: number; readonly headers: HttpAnswer['headers'] };

const broken = (reason: string) => new CodedError('REGISTRY_UNREACHABLE', 'it failed', { details: { reason } });

/** Gives the outcomes in their order, then the last one for ever. */
function answering(outcomes: readonly Outcome[]) {
  const recorded = recordPauses();
  const discarded: number[] = [];
  let asked = 0;
  const send = retryRequests(async ({ url }): Promise<HttpAnswer> => {
    const outcome = outcomes[Math.min(asked++, outcomes.length - 1)] as Outcome;
    if (outcome instanceof Error) throw outcome;
    const { status, headers } = typeof outcome === 'number' ? { status: outcome, headers: {} } : outcome;
    return { url, status, headers, body: (async function* () {})(), discard: () => void discarded.push(status) };
  }, recorded.policy);
  const ask = (request: Partial<HttpRequest> = {}) =>
    send({
      method: 'GET',
      url: new URL('https://ghcr.io/v2/'),
      headers: {},
      isFresh: false,
      signal: new AbortController().signal,
      ...request,
    });
  return { ask, discarded, pauses: recorded.pauses, count: () => asked };
}

describe('retryRequests', () => {
  it.each<[string, Outcome, number]>([
    ['a broken connection', broken('broken'), 4],
    ['silence', broken('timeout'), 4],
    ['a proxy that did not reach it', broken('proxy-target'), 4],
    ['429', 429, 4],
    ['502', 502, 4],
    ['503', 503, 4],
    ['504', 504, 4],
    ['a refused connection', broken('refused'), 1],
    ['an unknown name', broken('dns'), 1],
    ['a wrong certificate', broken('tls'), 1],
    ['a dead proxy', broken('proxy'), 1],
    ['500', 500, 1],
    ['501', 501, 1],
    ['400', 400, 1],
    ['401', 401, 1],
    ['403', 403, 1],
    ['404', 404, 1],
    ['408', 408, 1],
    ['a redirect', 307, 1],
    ['an answer', 200, 1],
    ['an error of another kind', new CodedError('USAGE', 'no'), 1],
    ['a bug', new TypeError('bug'), 1],
  ])('asks again after what may pass, at most three times: %s', async (_name, outcome, tries) => {
    const { ask, count, pauses, discarded } = answering([outcome]);
    if (outcome instanceof Error) await expect(ask()).rejects.toBe(outcome);
    else expect((await ask()).status).toBe(outcome);
    expect([count(), pauses.length]).toEqual([tries, tries - 1]);
    if (!(outcome instanceof Error)) expect(discarded).toHaveLength(tries - 1);
  });

  it('takes the first good answer', async () => {
    const { ask, count } = answering([broken('broken'), 503, 200]);
    expect((await ask({ method: 'HEAD' })).status).toBe(200);
    expect(count()).toBe(3);
  });

  it('never sends a POST twice', async () => {
    const { ask, count } = answering([503]);
    expect((await ask({ method: 'POST' })).status).toBe(503);
    expect(count()).toBe(1);
  });

  it('waits twice as long each time', async () => {
    const { ask, pauses } = answering([503]);
    await ask();
    expect(pauses).toEqual([300, 600, 1200]);
  });

  it.each([
    ['seconds', '5', 5000],
    ['fewer seconds than the pause', '0', 300],
    ['a date', 'Thu, 01 Jan 2026 00:00:07 GMT', 7000],
    ['seconds without end', '999999999', 30_000],
    ['digits without end', '9'.repeat(400), 300],
    ['a negative number', '-5', 300],
    ['a date in 2099', 'Thu, 01 Jan 2099 00:00:00 GMT', 30_000],
    ['a date that is over', 'Thu, 01 Jan 1970 00:00:00 GMT', 300],
    ['NaN', 'NaN', 300],
    ['Infinity', 'Infinity', 300],
    ['1e9', '1e9', 300],
    ['nothing', '', 300],
    ['two of them', ['5', '6'], 300],
  ])('bad input 17: Retry-After of %s is heard, and capped', async (_name, retryAfter, pause) => {
    const { ask, pauses } = answering([{ status: 429, headers: { 'retry-after': retryAfter } }, 200]);
    expect((await ask()).status).toBe(200);
    expect(pauses).toEqual([pause]);
  });

  it('makes no further try after an abort, before a pause and in it', async () => {
    const reason = new Error('Ctrl-C');
    const controller = new AbortController();
    const { ask, count } = answering([503]);
    controller.abort(reason);
    await expect(ask({ signal: controller.signal })).rejects.toBe(reason);
    expect(count()).toBe(1);
    const failing = answering([broken('broken')]);
    await expect(failing.ask({ signal: controller.signal })).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    expect(failing.count()).toBe(1);
  });
});
