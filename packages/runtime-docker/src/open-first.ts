import { CodedError, codeOf } from '@dangerzone-image/core';
import type { DockerEndpoint } from './docker-endpoint.ts';
import { type Engine, openEngine } from './open-engine.ts';

/** The first engine that answers; when none does, why not of each. */
export async function openFirst(
  endpoints: readonly DockerEndpoint[],
  open: (endpoint: DockerEndpoint) => Promise<Engine> = openEngine,
): Promise<Engine> {
  const failures: CodedError[] = [];
  for (const endpoint of endpoints) {
    try {
      return await open(endpoint);
    } catch (error) {
      if (codeOf(error) !== 'RUNTIME_UNAVAILABLE') throw error;
      failures.push(error as CodedError);
    }
  }
  throw noneAnswers(failures);
}

function noneAnswers(failures: readonly CodedError[]): CodedError {
  const [first, ...others] = failures;
  if (first === undefined) throw new TypeError('there is at least one place to look at');
  if (others.length === 0) return first;
  // Who finds a place that is there and does not work learns its remedy; else that of the usual place.
  const telling = failures.find(({ details }) => details.reason !== 'ENOENT') ?? first;
  return new CodedError('RUNTIME_UNAVAILABLE', failures.map(({ message }) => message).join('; '), {
    suggestions: telling.suggestions,
    details: { ...telling.details, endpoints: failures.map(({ details }) => details.endpoint) },
    cause: telling,
  });
}
