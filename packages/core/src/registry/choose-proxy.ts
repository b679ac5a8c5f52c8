import { CodedError } from '../errors/coded-error.ts';
import { isExempt } from './no-proxy.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ProxyServer {
  readonly kind: 'http' | 'https' | 'socks5';
  /** An IPv6 address without its brackets. */
  readonly hostname: string;
  readonly port: number;
  readonly credentials?: ProxyCredentials;
  /** For people and messages: an address without credentials. */
  readonly location: string;
}

export interface ProxyCredentials {
  readonly username: string;
  readonly password: string;
}

// The lower-case spelling goes first, as with curl. Both kinds of socks let the proxy resolve names: a question to the
// local DNS would tell the network what the proxy is there to hide.
const KINDS: Readonly<Record<string, Pick<ProxyServer, 'kind' | 'port'>>> = {
  'http:': { kind: 'http', port: 80 },
  'https:': { kind: 'https', port: 443 },
  'socks5:': { kind: 'socks5', port: 1080 },
  'socks5h:': { kind: 'socks5', port: 1080 },
};
const HOST = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])$/;
const MAX_CREDENTIAL_BYTES = 255; // RFC 1929 has one byte for a length

/**
 * The proxy that the environment names for this target, loopback included, as curl does it. Whoever set one may depend
 * on it for anonymity: one that cannot be used is an error, never a direct connection.
 */
export function chooseProxy(target: URL, env: Environment): ProxyServer | undefined {
  const name = target.protocol === 'https:' ? 'https_proxy' : 'http_proxy';
  const variable = [name, name.toUpperCase(), 'all_proxy', 'ALL_PROXY'].find((candidate) => env[candidate]?.trim());
  if (variable === undefined || isExempt(target, env.no_proxy?.trim() || env.NO_PROXY || '')) return undefined;
  return parseProxy(env[variable]?.trim() ?? '', variable);
}

function parseProxy(text: string, variable: string): ProxyServer {
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  if (!URL.canParse(address)) throw refused(variable);
  const url = new URL(address);
  const { protocol, hostname, port } = url;
  const scheme = KINDS[protocol];
  const isBare = (url.pathname === '' || url.pathname === '/') && url.search === '' && url.hash === '';
  if (!scheme || !isBare || !HOST.test(hostname)) throw refused(variable);
  const credentials = readCredentials(url, variable);
  const actualPort = port === '' ? scheme.port : Number(port);
  return {
    kind: scheme.kind,
    hostname: hostname.replace(/^\[|\]$/g, ''),
    port: actualPort,
    ...(credentials && { credentials }),
    location: `${protocol}//${hostname}:${actualPort}`,
  };
}

function readCredentials({ username, password }: URL, variable: string): ProxyCredentials | undefined {
  if (username === '' && password === '') return undefined;
  const decoded = [username, password].map((part) => decode(part, variable));
  if (decoded.some((part) => Buffer.byteLength(part) > MAX_CREDENTIAL_BYTES)) throw refused(variable);
  const [name = '', secret = ''] = decoded;
  return { username: name, password: secret };
}

function decode(part: string, variable: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw refused(variable); // without the cause, which shows what it could not decode
  }
}

/** The value is not shown: it may hold a password anywhere. */
function refused(variable: string): CodedError {
  return new CodedError('USAGE', `${variable} is not the address of a proxy that can be used: nothing was contacted`, {
    suggestions: [
      'Write it as http://, https://, socks5:// or socks5h:// with host and port; percent-encode odd characters of a password.',
      `If a direct connection is acceptable to you, name the registry in NO_PROXY, or unset ${variable}.`,
    ],
    details: { variable },
  });
}
