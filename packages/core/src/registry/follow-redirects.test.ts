import { describe, expect, it } from 'vitest';
import { followRedirects } from './follow-redirects.ts';
import type { HttpAnswer, HttpRequest } from './send-request.ts';

const headers = { accept: '*/*', authorization: 'Bearer SECRET', cookie: 'SECRET', 'x-registry-token': 'SECRET' };

/** Answers each request by its URL: a redirect to the given place, or 200 where there is none. */
function redirecting(places: Record<string, string | string[] | undefined>, status = 307) {
  const sent: HttpRequest[] = [];
  const send = followRedirects(async (request): Promise<HttpAnswer> => {
    sent.push(request);
    const { url } = request;
    const isRedirect = Object.hasOwn(places, url.href);
    const location = places[url.href];
    return {
      url,
      status: isRedirect ? status : 200,
      headers: { location },
      body: (async function* () {})(),
      discard() {},
    };
  });
  const get = (url: string) =>
    send({ method: 'GET', url: new URL(url), headers, isFresh: false, signal: new AbortController().signal });
  return { sent, get };
}

describe('followRedirects', () => {
  it.each([301, 302, 303, 307, 308])('follows %i with the headers of the same origin', async (status) => {
    const { sent, get } = redirecting({ 'https://ghcr.io/a': '/b' }, status);
    expect((await get('https://ghcr.io/a')).url.href).toBe('https://ghcr.io/b');
    expect(sent[1]?.headers).toEqual(headers);
  });

  it('follows five hops', async () => {
    const { sent, get } = redirecting(
      Object.fromEntries([1, 2, 3, 4, 5].map((hop) => [`https://ghcr.io/${hop}`, `/${hop + 1}`])),
    );
    expect((await get('https://ghcr.io/1')).status).toBe(200);
    expect(sent.length).toBe(6);
  });

  it.each([
    ['to itself', { 'https://ghcr.io/1': '/1' }, 6],
    ['six times', Object.fromEntries([1, 2, 3, 4, 5, 6].map((hop) => [`https://ghcr.io/${hop}`, `/${hop + 1}`])), 6],
    ['without Location', { 'https://ghcr.io/1': undefined }, 1],
    ['with two Locations', { 'https://ghcr.io/1': ['/2', '/3'] }, 1],
    ['with a Location that is none', { 'https://ghcr.io/1': 'https://' }, 1],
    ['down to http', { 'https://ghcr.io/1': 'http://ghcr.io/2' }, 1],
    ['to a file', { 'https://ghcr.io/1': 'file:///etc/passwd' }, 1],
    ['to data', { 'https://ghcr.io/1': 'data:,x' }, 1],
    ['with a user name', { 'https://ghcr.io/1': 'https://user:SECRET@evil.example/' }, 1],
    ['from loopback to http elsewhere', { 'http://127.0.0.1/1': 'http://evil.example/' }, 1],
    ['from loopback to another scheme-relative host', { 'http://127.0.0.1/1': '//evil.example/x' }, 1],
  ])('bad input 5: refuses a redirect %s', async (_name, places, requests) => {
    const { sent, get } = redirecting(places);
    await expect(get(Object.keys(places)[0] as string)).rejects.toMatchObject({
      code: 'REGISTRY_ANSWER_INVALID',
      message: expect.not.stringContaining('SECRET'),
    });
    expect(sent.length).toBe(requests);
  });

  it.each(['https://cdn.example/x', 'https://ghcr.io:8443/x', '//cdn.example/x'])(
    'bad input 6: sends no header of ours to %s',
    async (place) => {
      const { sent, get } = redirecting({ 'https://ghcr.io/1': place });
      await get('https://ghcr.io/1');
      expect(sent[1]?.headers).toEqual({ accept: '*/*' });
    },
  );

  it('bad input 6: does not bring the headers back when a later hop returns', async () => {
    const { sent, get } = redirecting({
      'https://ghcr.io/1': 'https://cdn.example/2',
      'https://cdn.example/2': 'https://ghcr.io/3',
    });
    await get('https://ghcr.io/1');
    expect(sent.map(({ headers: { authorization } }) => authorization)).toEqual([
      'Bearer SECRET',
      undefined,
      undefined,
    ]);
  });

  it.each([
    'https://169.254.169.254/latest/meta-data',
    'https://127.0.0.1/x',
    'https://localhost/x',
    'https://localhost./x',
    'https://[::1]/x',
    'https://[::ffff:10.0.0.1]/x',
    'https://0x7f000001/x',
    'https://10.0.0.1/x',
    'http://127.0.0.1/x',
  ])('bad input 7: refuses a redirect from a public registry to %s', async (place) => {
    const { sent, get } = redirecting({ 'https://ghcr.io/1': place });
    await expect(get('https://ghcr.io/1')).rejects.toMatchObject({ code: 'REGISTRY_ANSWER_INVALID' });
    expect(sent.length).toBe(1);
  });

  it('lets a registry on loopback stay there, and one in a private network redirect to itself', async () => {
    const onLoopback = redirecting({ 'http://127.0.0.1:5000/1': 'http://localhost:5001/2' });
    expect((await onLoopback.get('http://127.0.0.1:5000/1')).status).toBe(200);
    const inside = redirecting({ 'https://10.0.0.1/1': 'https://10.0.0.1:8443/2' });
    expect((await inside.get('https://10.0.0.1/1')).status).toBe(200);
  });
});
