import { parseBearerChallenge } from './bearer-challenge.ts';
import { requestToken } from './bearer-token.ts';
import { followRedirects } from './follow-redirects.ts';
import type { HttpAnswer, SendRequest } from './http-transport.ts';

export interface RegistryRequest {
  readonly method: 'GET' | 'HEAD';
  /** Path on this registry, a mirror's prefix included. */
  readonly repository: string;
  /** `manifests/<tag or digest>` or `blobs/<digest>`. */
  readonly path: string;
  readonly accept: string;
  /** Tags are read on a fresh connection. */
  readonly isFresh: boolean;
}

/** Asks a registry, following redirects; when it wants a token, gets one without credentials and asks once more. */
export type AskRegistry = (request: RegistryRequest, signal: AbortSignal) => Promise<HttpAnswer>;

export function createRegistryRequests(origin: URL, transport: SendRequest): AskRegistry {
  const send = followRedirects(transport);
  const tokens = new Map<string, string>();

  const ask = (request: RegistryRequest, signal: AbortSignal) => {
    const { method, repository, path, accept, isFresh } = request;
    const token = tokens.get(repository);
    const headers = {
      accept,
      'accept-encoding': 'identity',
      'user-agent': 'dangerzone-image',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    return send({ method, url: new URL(`/v2/${repository}/${path}`, origin), headers, isFresh, signal });
  };

  return async (request, signal) => {
    const { repository } = request;
    const first = await ask(request, signal);
    // The challenge of a place that we were redirected to is not the registry's.
    if (first.status !== 401 || first.url.origin !== origin.origin) return first;
    first.discard();
    const challenge = parseBearerChallenge(first.headers['www-authenticate'], origin);
    tokens.set(repository, await requestToken(send, challenge, repository, signal));
    return ask(request, signal); // whatever that says: a second 401 is a refusal like any other
  };
}
