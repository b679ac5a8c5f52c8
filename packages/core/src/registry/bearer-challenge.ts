import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { requireAllowedTarget } from './allowed-target.ts';

/** Where to get a token (distribution-spec, token authentication). The challenge's `scope` is not taken: we know ours. */
export interface BearerChallenge {
  readonly realm: URL;
  readonly service?: string;
}

const MAX_CHALLENGE = 4096;
// One parameter (RFC 9110, section 11.2), matched in place: no alternative can match the same text twice.
const PARAMETER = /[ \t]*([A-Za-z_]{1,64})=(?:"([ !#-[\]-~]*)"|([A-Za-z0-9._~+/:-]+))[ \t]*(,|$)/y;
const VISIBLE = /^[!-~]{1,255}$/;

/** True for a registry that asks for a user name and password itself (RFC 7617), not for a token. */
export function isBasicChallenge(header: string | string[] | undefined): boolean {
  return typeof header === 'string' && header.length <= MAX_CHALLENGE && /^basic( |$)/i.test(header);
}

/** Reads the `WWW-Authenticate` of a 401: exactly one Bearer challenge. */
export function parseBearerChallenge(header: string | string[] | undefined, registry: URL): BearerChallenge {
  if (typeof header !== 'string' || header.length > MAX_CHALLENGE)
    throw refused(registry, 'sent no single challenge of bounded length');
  if (!/^bearer /i.test(header)) throw notBearer(registry);
  const parameters = readParameters(header.slice('bearer '.length), registry);
  const { realm = '', service } = Object.fromEntries(parameters);
  if (!URL.canParse(realm)) throw refused(registry, 'names no realm, or one that is no full address');
  const url = new URL(realm);
  requireAllowedTarget(url, registry, 'token realm');
  if (service !== undefined && !VISIBLE.test(service))
    throw refused(registry, 'names a service that is not plain text');
  return { realm: url, ...(service !== undefined && { service }) };
}

function readParameters(text: string, registry: URL): Map<string, string> {
  const parameters = new Map<string, string>();
  PARAMETER.lastIndex = 0;
  for (;;) {
    const [, name, quoted, plain, end] = PARAMETER.exec(text) ?? [];
    const key = name?.toLowerCase();
    if (key === undefined || parameters.has(key)) throw refused(registry, 'is not one well-formed Bearer challenge');
    parameters.set(key, quoted ?? plain ?? '');
    if (end === '') return parameters;
  }
}

function notBearer({ host }: URL): CodedError {
  return new CodedError(
    'REGISTRY_DENIED',
    `${printable(host)} asks for a log-in of another kind than Bearer and Basic`,
    {
      suggestions: ['Check the image name, or give a --mirror.'],
    },
  );
}

function refused({ host }: URL, why: string): CodedError {
  return new CodedError('REGISTRY_ANSWER_INVALID', `the authentication challenge of ${printable(host)} ${why}`, {
    suggestions: ['Check the registry’s name. If it is right, tell its operator, or give a --mirror.'],
  });
}
