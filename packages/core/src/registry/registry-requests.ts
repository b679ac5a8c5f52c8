import { followRedirects } from './follow-redirects.ts';
import { createLogIn, type LogInOptions } from './log-in.ts';
import type { HttpAnswer, SendRequest } from './send-request.ts';

export interface RegistryRequest {
  readonly method: 'GET' | 'HEAD';
  /** Path on this registry, a mirror's prefix included. */
  readonly repository: string;
  /** `manifests/<tag or digest>`, `blobs/<digest>`, or `referrers/<digest>` with a query. */
  readonly path: string;
  readonly accept: string;
  /** `range` and its like, lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Tags are read on a fresh connection. */
  readonly isFresh: boolean;
}

/** Asks a registry, following redirects and logging in where it wants that: anonymously, then with what is stored for it. */
export type AskRegistry = (request: RegistryRequest, signal: AbortSignal) => Promise<HttpAnswer>;

export function createRegistryRequests(origin: URL, transport: SendRequest, options: LogInOptions = {}): AskRegistry {
  const send = followRedirects(transport);
  const logIn = createLogIn(origin, { follow: send, transport }, options);

  return (request, signal) => {
    const { method, repository, path, accept, isFresh } = request;
    const url = new URL(`/v2/${repository}/${path}`, origin);
    return logIn(repository, signal, (authorization) => {
      const headers = {
        accept,
        'accept-encoding': 'identity',
        'user-agent': 'dangerzone-image',
        ...request.headers,
        ...(authorization !== undefined && { authorization }),
      };
      return send({ method, url, headers, isFresh, signal });
    });
  };
}
