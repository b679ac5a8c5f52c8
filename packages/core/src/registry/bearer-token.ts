import * as v from 'valibot';
import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { parseJson } from '../oci/parse-json.ts';
import { parseShape } from '../oci/parse-shape.ts';
import type { BearerChallenge } from './bearer-challenge.ts';
import { basicAuthorization, type Credential } from './credentials/credential.ts';
import { invalid, readWhole, requireContent } from './registry-answer.ts';
import type { HttpAnswer, SendRequest } from './send-request.ts';

const MAX_REPLY = 64 * 1024;
// It goes into a header: anything but visible ASCII could end that header and begin another one.
const token = v.pipe(v.string(), v.regex(/^[!-~]{1,8192}$/, 'expected a token of visible ASCII'));
const replySchema = v.object({ token: v.optional(token), access_token: v.optional(token) });

/** A token for reading this repository, whatever the challenge asked for; anonymous where there is no credential. */
export async function requestToken(
  { follow, transport }: TokenRoads,
  { realm, service }: BearerChallenge,
  repository: string,
  signal: AbortSignal,
  credential?: Credential,
): Promise<string> {
  const url = new URL(realm);
  url.hash = '';
  const scope = `repository:${repository}:pull`;
  const headers = { accept: 'application/json', 'accept-encoding': 'identity' };
  const common = { isFresh: false, signal } as const;
  if (credential?.kind === 'identity-token') {
    // No redirect is followed: it would take the token in the body along.
    const answer = await transport({
      ...common,
      method: 'POST',
      url,
      ...refreshForm(credential.token, scope, service, headers),
    });
    return readToken(answer, repository);
  }
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', scope);
  const authorization = credential && { authorization: basicAuthorization(credential) };
  const answer = await follow({ ...common, method: 'GET', url, headers: { ...headers, ...authorization } });
  return readToken(answer, repository);
}

/** How token services are asked: along redirects, which lose the log-in on their way, or without. */
export interface TokenRoads {
  readonly follow: SendRequest;
  readonly transport: SendRequest;
}

/** RFC 6749, section 6, as the distribution project's token services read it. */
function refreshForm(token: string, scope: string, service: string | undefined, headers: Record<string, string>) {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: token,
    scope,
    client_id: 'dangerzone-image',
  });
  if (service !== undefined) form.set('service', service);
  return { body: form.toString(), headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' } };
}

async function readToken(answer: HttpAnswer, repository: string): Promise<string> {
  const where = `token for ${repository} from ${printable(answer.url.host)}`;
  // Not IMAGE_NOT_FOUND: that would let a look-up of signatures that never took place pass for "none".
  if (answer.status === 404) {
    answer.discard();
    throw invalid(where, 'there is nothing at the address that the registry gave for tokens (HTTP 404)');
  }
  requireContent(answer, where);
  const place = { where, code: 'REGISTRY_ANSWER_INVALID' } as const;
  const reply = parseShape(replySchema, parseJson(await readWhole(answer, MAX_REPLY, where), place), place);
  const found = reply.token ?? reply.access_token;
  if (found === undefined) throw new CodedError(place.code, `${where}: the reply has none`);
  return found;
}
