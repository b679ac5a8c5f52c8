import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { requireAllowedTarget } from './allowed-target.ts';
import type { HttpAnswer, HttpRequest, SendRequest } from './send-request.ts';

const MAX_HOPS = 5;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);
// All that another origin gets to see; everything else, above all Authorization, is for the origin it was meant for.
const HARMLESS_HEADERS = new Set(['accept', 'accept-encoding', 'if-range', 'range', 'user-agent']);

/** Registries keep blobs elsewhere and redirect there; each hop is checked before it is made. */
export function followRedirects(send: SendRequest): SendRequest {
  return async (first) => {
    let request = first;
    for (let hop = 0; hop <= MAX_HOPS; hop++) {
      const answer = await send(request);
      if (!REDIRECTS.has(answer.status)) return answer;
      answer.discard();
      request = nextHop(request, answer);
    }
    throw refused(first.url, `redirected more than ${MAX_HOPS} times`);
  };
}

function nextHop(request: HttpRequest, { headers: { location } }: HttpAnswer): HttpRequest {
  const { url: from } = request;
  if (typeof location !== 'string' || !URL.canParse(location, from.href)) throw refused(from, 'redirected to nowhere');
  const url = new URL(location, from.href);
  requireAllowedTarget(url, from, 'redirect');
  // Header names are ours, lower case. What was left out once does not come back, should a later hop return.
  const kept = Object.entries(request.headers).filter(
    ([name]) => url.origin === from.origin || HARMLESS_HEADERS.has(name),
  );
  return { ...request, url, headers: Object.fromEntries(kept) };
}

function refused({ host }: URL, what: string): CodedError {
  return new CodedError('REGISTRY_ANSWER_INVALID', `${printable(host)} ${what}`, {
    suggestions: ['Check the registry’s name, or give a --mirror.'],
  });
}
