import { CodedError, printable } from '@dangerzone-image/core';
import type { DockerEndpoint } from './docker-endpoint.ts';

const PLAIN_PORT = 2375;
const TLS_PORT = 2376;
/** What becomes a word of a command line here, and of a shell's over there. */
const SSH_HOST = /^(?:[A-Za-z0-9][A-Za-z0-9._-]*|\[[0-9a-fA-F:]+\])$/;
const SSH_USER = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
const SSH_PATH = /^\/[A-Za-z0-9._/-]+$/;

export interface HostPlace {
  /** Who says it: `DOCKER_HOST`, a context, an option. */
  readonly where: string;
  readonly tlsFolder?: string | undefined;
}

/** Docker's addresses (dockerd(8), "DAEMON SOCKET OPTION", and `docker context`): unix, npipe, tcp, ssh; bare is tcp. */
export function parseHost(text: string, place: HostPlace): DockerEndpoint {
  const at = text.indexOf('://');
  const [scheme, rest] = at === -1 ? ['tcp', text] : [text.slice(0, at), text.slice(at + 3)];
  switch (scheme) {
    case 'unix':
      if (rest.startsWith('/')) return { kind: 'socket', path: rest };
      throw refused(text, place, 'the full path of a socket');
    case 'npipe':
      if (/^\/\/\.\/pipe\/[^/]+$/.test(rest)) return { kind: 'socket', path: rest };
      throw refused(text, place, 'a named pipe such as npipe:////./pipe/docker_engine');
    case 'tcp':
      return tcp(text, rest, place);
    case 'ssh':
      return ssh(text, place);
    default:
      throw refused(text, place, 'unix://, npipe://, tcp:// or ssh://');
  }
}

function tcp(text: string, rest: string, place: HostPlace): DockerEndpoint {
  const url = toUrl(`http://${rest}`);
  if (!url?.hostname || url.username || url.password || url.pathname !== '/' || url.search || url.hash)
    throw refused(text, place, 'tcp://HOST:PORT');
  const { tlsFolder } = place;
  // 80 is what URL leaves out for http.
  const given = url.port || (/:80\/?$/.test(rest) ? '80' : '');
  const port = given ? Number(given) : tlsFolder === undefined ? PLAIN_PORT : TLS_PORT;
  return { kind: 'tcp', host: withoutBrackets(url.hostname), port, ...(tlsFolder !== undefined && { tlsFolder }) };
}

/** Each part is checked by itself: a host that begins with a dash would be an option of ssh, a path a shell's words. */
function ssh(text: string, place: HostPlace): DockerEndpoint {
  const url = toUrl(text);
  if (!url) throw refused(text, place, 'ssh://[USER@]HOST[:PORT]');
  const { hostname, username, password, port, pathname, search, hash } = url;
  if (password)
    throw new CodedError('USAGE', `${place.where}: an ssh address with a password is not taken`, {
      suggestions: ['Use a key, known to an ssh agent or to ~/.ssh/config.'],
    });
  if (!SSH_HOST.test(hostname) || (username && !SSH_USER.test(username)) || search || hash)
    throw refused(text, place, 'ssh://[USER@]HOST[:PORT]');
  const hasPath = pathname !== '' && pathname !== '/';
  if (hasPath && !SSH_PATH.test(pathname)) throw refused(text, place, 'a plain path of a socket after the host');
  return {
    kind: 'ssh',
    host: withoutBrackets(hostname),
    ...(username && { user: username }),
    ...(port && { port: Number(port) }),
    ...(hasPath && { socket: pathname }),
  };
}

function toUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}

function withoutBrackets(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}

function refused(text: string, { where }: HostPlace, expected: string): CodedError {
  return new CodedError('USAGE', `${where}: expected ${expected}, got ${printable(withoutPassword(text))}`, {
    suggestions: ['For example: unix:///var/run/docker.sock, tcp://127.0.0.1:2375 or ssh://user@host'],
  });
}

function withoutPassword(text: string): string {
  return text.replace(/\/\/[^@]*@/, '//…@');
}
