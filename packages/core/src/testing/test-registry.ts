import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { mediaTypes } from '../oci/descriptor.ts';
import {
  createRegistryContent,
  membersOf,
  type RegistryContent,
  type StoredManifest,
} from './test-registry-content.ts';
import { type Answer, type FaultHook, type ReceivedRequest, sendAnswer } from './test-registry-fault.ts';

export interface TestRegistryOptions {
  /** `token`: every read needs a Bearer token, handed out at `/token`. `basic`: it needs the log-in itself. */
  readonly auth?: 'none' | 'token' | 'basic';
  /** Who gets in; without, a token is for anybody. The password serves as an identity token too. */
  readonly logIn?: TestLogIn;
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly fault?: FaultHook;
  /** Answers which manifests refer to a digest, at most so many on a page; without, it does not know that question. */
  readonly referrersApi?: { readonly pageSize?: number };
}

export interface TestLogIn {
  readonly username: string;
  readonly password: string;
  /** Anonymous tokens are handed out and open nothing, as at Docker Hub; else they are refused, as at GHCR. */
  readonly givesUselessTokens?: boolean;
}

/** An OCI registry in this process, on loopback, for reading only; its content is put in by method calls. */
export interface TestRegistry
  extends Pick<RegistryContent, 'putBlob' | 'putManifest' | 'tag' | 'deleteTag'>,
    AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  /** `127.0.0.1:<port>`: the registry in an image name. */
  readonly host: string;
  /** Each request so far, as `GET /v2/…`; may be emptied. */
  readonly requests: string[];
  /** The same with headers and connections. */
  readonly received: ReceivedRequest[];
  close(): Promise<void>;
}

export async function startTestRegistry({
  auth = 'none',
  logIn,
  tls,
  fault,
  referrersApi,
}: TestRegistryOptions = {}): Promise<TestRegistry> {
  const content = createRegistryContent();
  const tokens = new Map<string, string>();
  const received: ReceivedRequest[] = [];
  const requests: string[] = [];
  const connectionOf = countConnections();

  const handle = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '', url: path = '', headers } = message;
    const line = `${method} ${path}`;
    const earlier = received.filter((request) => `${request.method} ${request.path}` === line).length;
    const request = { method, path, headers, connection: connectionOf(message.socket), earlier };
    received.push(request);
    requests.push(line);
    const url = new URL(path, origin);
    const right =
      url.pathname === '/token'
        ? await answerToken(message, url)
        : (denied(request, url) ?? answerFrom(content, request, url, referrersApi));
    await sendAnswer(response, method, right, await fault?.(request));
  };
  const basic = logIn && `Basic ${Buffer.from(`${logIn.username}:${logIn.password}`).toString('base64')}`;
  const answerToken = async (message: IncomingMessage, { searchParams }: URL): Promise<Answer> => {
    const form = message.method === 'POST' ? new URLSearchParams(await text(message)) : searchParams;
    const isKnown = !logIn || message.headers.authorization === basic || form.get('refresh_token') === logIn.password;
    if (isKnown) return issueToken(form, tokens);
    return logIn.givesUselessTokens ? issueToken(form, new Map()) : refusal(401, 'UNAUTHORIZED');
  };
  const denied = ({ headers }: ReceivedRequest, { pathname }: URL): Answer | undefined => {
    const repository = READ.exec(pathname)?.[1] ?? '';
    if (auth === 'basic' && headers.authorization === basic) return undefined;
    if (auth === 'basic') return refusal(401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="test registry"' });
    if (auth === 'none' || tokens.get(headers.authorization ?? '') === repository) return undefined;
    const challenge = `Bearer realm="${origin}/token",service="${host}",scope="repository:${repository}:pull"`;
    return refusal(401, 'UNAUTHORIZED', { 'www-authenticate': challenge });
  };

  const listener = (message: IncomingMessage, response: ServerResponse) => {
    response.on('error', () => {}); // the client went away: what it asked for does not matter any more
    handle(message, response).catch((error: unknown) => response.destroy(error as Error));
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const origin = `${tls ? 'https' : 'http'}://${host}`;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  };
  const { putBlob, putManifest, tag, deleteTag } = content;
  return {
    origin,
    host,
    requests,
    received,
    putBlob,
    putManifest,
    tag,
    deleteTag,
    close,
    [Symbol.asyncDispose]: close,
  };
}

const READ = /^\/v2\/(.+)\/(manifests|blobs|referrers)\/([^/]+)$/;

function answerFrom(
  content: RegistryContent,
  request: ReceivedRequest,
  url: URL,
  referrersApi: TestRegistryOptions['referrersApi'],
): Answer {
  const { pathname } = url;
  if (pathname === '/v2/') return { status: 200, headers: { 'content-type': 'application/json' }, body: '{}' };
  const [, repository = '', kind, name = ''] = READ.exec(pathname) ?? [];
  if (request.method !== 'GET' && request.method !== 'HEAD') return refusal(405, 'UNSUPPORTED');
  if (kind === 'blobs') {
    const blob = content.findBlob(repository, name);
    return blob ? partOf(blob, name, request.headers.range) : refusal(404, 'BLOB_UNKNOWN');
  }
  if (kind === 'referrers') {
    return referrersApi ? listReferrers(content.findReferrers(repository, name), url, referrersApi) : NO_SUCH_PAGE;
  }
  const manifest = kind && content.findManifest(repository, name);
  if (!manifest) return refusal(404, 'MANIFEST_UNKNOWN');
  const headers = { 'content-type': manifest.mediaType, 'docker-content-digest': manifest.digest };
  return { status: 200, headers, body: manifest.bytes };
}

/** What registries answer to a path that is not theirs. */
const NO_SUCH_PAGE: Answer = { status: 404, headers: { 'content-type': 'text/plain' }, body: '404 page not found' };

/** Distribution-spec 1.1, "Listing Referrers": a page, and where the next one is. */
function listReferrers(
  referrers: readonly StoredManifest[],
  { pathname, searchParams }: URL,
  { pageSize = 100 }: { readonly pageSize?: number },
): Answer {
  const from = Number(searchParams.get('from'));
  const manifests = referrers.slice(from, from + pageSize).map(({ digest, mediaType, bytes }) => {
    const { artifactType, config, annotations } = membersOf(bytes);
    return { mediaType, digest, size: bytes.length, artifactType: artifactType ?? config?.mediaType, annotations };
  });
  const isLast = from + pageSize >= referrers.length;
  const headers = {
    'content-type': mediaTypes.ociIndex,
    ...(!isLast && { link: `<${pathname}?from=${from + pageSize}>; rel="next"` }),
  };
  return {
    status: 200,
    headers,
    body: JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }),
  };
}

function partOf(blob: Uint8Array, digest: string, range: string | undefined): Answer {
  const headers = {
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
  };
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
  if (from === undefined) return { status: 200, headers, body: blob };
  const last = Math.min(to ? Number(to) : blob.length - 1, blob.length - 1);
  if (Number(from) > last) return refusal(416, 'RANGE_INVALID', { 'content-range': `bytes */${blob.length}` });
  const body = blob.subarray(Number(from), last + 1);
  return { status: 206, headers: { ...headers, 'content-range': `bytes ${from}-${last}/${blob.length}` }, body };
}

function issueToken(form: URLSearchParams, tokens: Map<string, string>): Answer {
  const [, repository] = /^repository:([^:]+):pull$/.exec(form.get('scope') ?? '') ?? [];
  if (repository === undefined) return refusal(400, 'UNSUPPORTED');
  const token = randomBytes(24).toString('base64url');
  tokens.set(`Bearer ${token}`, repository);
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token, expires_in: 300 }),
  };
}

function refusal(status: number, code: string, headers: Answer['headers'] = {}): Answer {
  const body = JSON.stringify({ errors: [{ code, message: code.toLowerCase().replaceAll('_', ' ') }] });
  return { status, headers: { 'content-type': 'application/json', ...headers }, body };
}

function countConnections(): (socket: Socket) => number {
  const numbers = new WeakMap<Socket, number>();
  let count = 0;
  return (socket) => {
    const known = numbers.get(socket) ?? ++count;
    numbers.set(socket, known);
    return known;
  };
}
