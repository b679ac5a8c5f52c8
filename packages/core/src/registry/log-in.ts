import { CodedError, codeOf } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { type BearerChallenge, isBasicChallenge, parseBearerChallenge } from './bearer-challenge.ts';
import { requestToken, type TokenRoads } from './bearer-token.ts';
import { basicAuthorization, type Credential } from './credentials/credential.ts';
import type { FindCredential } from './credentials/find-credential.ts';
import { maySendTo } from './credentials/may-send-to.ts';
import { placeOf } from './network-place.ts';
import type { HttpAnswer } from './send-request.ts';

export interface LogInOptions {
  /** Stored log-ins; without, everything is anonymous. */
  readonly findCredential?: FindCredential;
  /** Token services that a log-in may also be sent to: named by the user, never by a registry. */
  readonly credentialRealms?: readonly string[];
}

/** Asks, logs in where the answer wants that, and asks again; what was learnt serves the next request. */
export type LogIn = (
  repository: string,
  signal: AbortSignal,
  ask: (authorization: string | undefined) => Promise<HttpAnswer>,
) => Promise<HttpAnswer>;

type Challenge = 'basic' | BearerChallenge;

const LOG_IN = 'If the image is private, log in with podman login or docker login, or name a file with --auth-file.';

/**
 * Design §3, rule 8: anonymous first; what is stored only after 401 or 403, for exactly this registry, to no realm but
 * its own. At most one token without and one with the stored log-in: whatever comes then is the answer (bad input 29).
 */
export function createLogIn(registry: URL, roads: TokenRoads, options: LogInOptions): LogIn {
  const { findCredential, credentialRealms = [] } = options;
  const authorizations = new Map<string, string>();
  const challenges = new Map<string, Challenge>();
  /** Repositories that only the stored log-in could read: no anonymous token is tried for them again. */
  const personal = new Set<string>();
  let stored: Credential | undefined;

  const authorizationBy = async (
    challenge: Challenge,
    credential: Credential,
    repository: string,
    signal: AbortSignal,
  ) => {
    if (challenge !== 'basic') {
      if (!maySendTo(challenge.realm, registry, credentialRealms)) throw foreignRealm(registry, challenge.realm);
      return `Bearer ${await requestToken(roads, challenge, repository, signal, credential)}`;
    }
    if (credential.kind !== 'password')
      throw denied(registry, repository, ['The stored log-in is for a token service.']);
    if (registry.protocol !== 'https:' && placeOf(registry.hostname) !== 'loopback')
      throw denied(registry, repository, []);
    return basicAuthorization(credential);
  };

  return async (repository, signal, ask) => {
    let answer = await ask(authorizations.get(repository));
    const challenge =
      challengeOf(answer, registry, findCredential !== undefined) ??
      (isRefusal(answer, registry) && challenges.get(repository));
    if (!challenge) return answer;
    challenges.set(repository, challenge);
    const proceed = (authorization: string) => {
      authorizations.set(repository, authorization);
      answer.discard();
      return ask(authorization);
    };

    if (answer.status === 401 && challenge !== 'basic' && !personal.has(repository)) {
      answer.discard();
      const token = await anonymousToken(roads, challenge, repository, signal, findCredential !== undefined);
      if (token !== undefined) answer = await proceed(`Bearer ${token}`);
      if (token !== undefined && !isRefusal(answer, registry)) return answer;
    }
    if (!findCredential && challenge !== 'basic') return answer;
    const { credential = stored, notes = [] } = (!stored && (await findCredential?.(registry, signal))) || {};
    stored = credential;
    if (!credential) {
      answer.discard();
      throw denied(registry, repository, findCredential ? [...notes, LOG_IN] : []);
    }
    answer = await proceed(await authorizationBy(challenge, credential, repository, signal));
    personal.add(repository);
    return answer;
  };
}

/** A refusal of the registry itself: the challenge of a place that we were redirected to is not its own. */
function isRefusal({ status, url }: HttpAnswer, registry: URL): boolean {
  return (status === 401 || status === 403) && url.origin === registry.origin;
}

function challengeOf(answer: HttpAnswer, registry: URL, mayHaveCredential: boolean): Challenge | undefined {
  if (!isRefusal(answer, registry)) return undefined;
  const header = answer.headers['www-authenticate'];
  // A 403 needs no challenge (RFC 9110, 15.5.4), and what it has is of use only with a stored log-in.
  if (answer.status === 403 && (header === undefined || !mayHaveCredential)) return undefined;
  if (isBasicChallenge(header)) return 'basic';
  try {
    return parseBearerChallenge(header, registry);
  } catch (error) {
    answer.discard();
    throw error;
  }
}

/** Nothing where the service gives none to everybody and a stored log-in may still help. */
async function anonymousToken(
  roads: TokenRoads,
  challenge: BearerChallenge,
  repository: string,
  signal: AbortSignal,
  mayHaveCredential: boolean,
): Promise<string | undefined> {
  try {
    return await requestToken(roads, challenge, repository, signal);
  } catch (error) {
    if (!mayHaveCredential || codeOf(error) !== 'REGISTRY_DENIED') throw error;
    return undefined;
  }
}

function denied({ host }: URL, repository: string, notes: readonly string[]): CodedError {
  return new CodedError(
    'REGISTRY_DENIED',
    `${printable(host)} does not let us read ${repository} without a log-in, and there is none that can be used`,
    {
      suggestions: [
        'Check the image name: some registries answer like this for an image that does not exist.',
        ...notes,
      ],
      details: { host },
    },
  );
}

function foreignRealm({ host }: URL, realm: URL): CodedError {
  return new CodedError(
    'REGISTRY_DENIED',
    `${printable(host)} wants the log-in sent to ${printable(realm.host)}, which is not part of it: not sent`,
    {
      suggestions: [
        'Check the registry’s name. If both belong together, list that host in the settings (config.json), in "credentialRealms".',
      ],
      details: { host, realm: realm.host },
    },
  );
}
