import * as v from 'valibot';
import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { parseJson } from '../oci/parse-json.ts';
import { parseShape } from '../oci/parse-shape.ts';
import type { BearerChallenge } from './bearer-challenge.ts';
import type { SendRequest } from './http-transport.ts';
import { invalid, readWhole, requireContent } from './registry-answer.ts';

const MAX_REPLY = 64 * 1024;
// It goes into a header: anything but visible ASCII could end that header and begin another one.
const token = v.pipe(v.string(), v.regex(/^[!-~]{1,8192}$/, 'expected a token of visible ASCII'));
const replySchema = v.object({ token: v.optional(token), access_token: v.optional(token) });

/** A token for reading this repository, whatever the challenge asked for; anonymous. */
export async function requestToken(
  send: SendRequest,
  { realm, service }: BearerChallenge,
  repository: string,
  signal: AbortSignal,
): Promise<string> {
  const url = new URL(realm);
  url.hash = '';
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', `repository:${repository}:pull`);
  const headers = { accept: 'application/json', 'accept-encoding': 'identity' };
  const answer = await send({ method: 'GET', url, headers, isFresh: false, signal });
  const where = `token for ${repository} from ${printable(url.host)}`;
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
