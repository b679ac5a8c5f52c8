import { isPassing, pauseBefore, type RetryPolicy } from './retry-policy.ts';
import type { HttpAnswer, HttpRequest, SendRequest } from './send-request.ts';

const PASSING_STATUS = new Set([429, 502, 503, 504]);

/**
 * Makes a request again that failed before its answer began. What fails within a body is for whoever reads it.
 * Only GET and HEAD: asking twice changes nothing (RFC 9110, section 9.2.2).
 */
export function retryRequests(send: SendRequest, policy: RetryPolicy): SendRequest {
  return async (request) => {
    if (request.method === 'POST') return send(request);
    for (let retry = 1; retry <= policy.moreTries; retry++) {
      const answer = await orPassed(send(request), request);
      if (answer && !PASSING_STATUS.has(answer.status)) return answer;
      answer?.discard();
      await policy.wait(pauseBefore(retry, policy, answer?.headers['retry-after']), request.signal);
    }
    return send(request); // whatever that says
  };
}

/** The answer, or nothing where it may come another time. The caller's abort is final, however it looks. */
async function orPassed(answer: Promise<HttpAnswer>, { signal }: HttpRequest): Promise<HttpAnswer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (signal.aborted || !isPassing(error)) throw error;
    return undefined;
  }
}
