import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { chooseProxy } from './choose-proxy.ts';

const https = new URL('https://ghcr.io/v2/');
const http = new URL('http://127.0.0.1:5000/v2/');
const proxy = 'http://proxy.example:3128';
const other = 'http://other.example:3128';

describe('chooseProxy', () => {
  it.each([
    ['https_proxy before HTTPS_PROXY', https, { https_proxy: proxy, HTTPS_PROXY: other }],
    ['HTTPS_PROXY before all_proxy', https, { HTTPS_PROXY: proxy, all_proxy: other }],
    ['all_proxy before ALL_PROXY', https, { all_proxy: proxy, ALL_PROXY: other }],
    ['ALL_PROXY where a nearer one is empty', https, { https_proxy: '', HTTPS_PROXY: ' ', ALL_PROXY: proxy }],
    ['HTTP_PROXY for http, on loopback too', http, { HTTP_PROXY: proxy, HTTPS_PROXY: other }],
    ['ALL_PROXY for http', http, { ALL_PROXY: proxy, HTTPS_PROXY: other }],
    ['one, whatever NO_PROXY says of others', https, { HTTPS_PROXY: proxy, NO_PROXY: '127.0.0.1' }],
  ])('takes %s', (_name, target, env) => {
    expect(chooseProxy(target, env)?.location).toBe(proxy);
  });

  it.each([
    ['none is set', https, {}],
    ['one is set for the other protocol', https, { HTTP_PROXY: proxy }],
    ['NO_PROXY names the target', https, { ALL_PROXY: proxy, NO_PROXY: 'ghcr.io' }],
    ['no_proxy names the target', http, { ALL_PROXY: proxy, no_proxy: '127.0.0.0/8', NO_PROXY: 'x' }],
  ])('takes none where %s', (_name, target, env) => {
    expect(chooseProxy(target, env)).toBeUndefined();
  });

  it.each([
    ['proxy.example:8080', 'http', 'proxy.example', 8080, 'http://proxy.example:8080'],
    ['http://proxy.example', 'http', 'proxy.example', 80, 'http://proxy.example:80'],
    ['https://proxy.example/', 'https', 'proxy.example', 443, 'https://proxy.example:443'],
    ['socks5://127.0.0.1', 'socks5', '127.0.0.1', 1080, 'socks5://127.0.0.1:1080'],
    ['SOCKS5H://u:p@[::1]:9050', 'socks5', '::1', 9050, 'socks5h://[::1]:9050'],
  ])('reads %s', (text, kind, hostname, port, location) => {
    expect(chooseProxy(https, { ALL_PROXY: text })).toMatchObject({ kind, hostname, port, location });
  });

  it('decodes credentials, and leaves them out of its location', () => {
    const found = chooseProxy(https, { ALL_PROXY: 'socks5h://us%40er:p%3Aw@proxy.example' });
    expect(found?.credentials).toEqual({ username: 'us@er', password: 'p:w' });
    expect(found?.location).not.toMatch(/us|p:w/);
  });

  it.each([
    'socks4://u:SECRET@h',
    'socks://u:SECRET@h',
    'ftp://u:SECRET@h',
    'http://u:SECRET@',
    'http://u:SECRET@h:99999',
    'http://u:SECRET@h/path',
    'http://u:SECRET@h?x',
    'http://u:SECRET@h#x',
    'http://u:SECRET#x@h',
    'socks5h://u:SECRET@',
    'socks5h://u:SECRET@a%20b',
    'http://u:SECRET%ff@h',
    `http://u:SECRET${'x'.repeat(300)}@h`,
    `http://u:SECRET${'%C3%A9'.repeat(125)}@h`,
    'constructor://SECRET',
  ])('bad input 20: refuses %s, without showing it', (text) => {
    const refuse = () => chooseProxy(https, { HTTPS_PROXY: text });
    expect(refuse).toThrow(expect.objectContaining({ code: 'USAGE', details: { variable: 'HTTPS_PROXY' } }));
    try {
      refuse();
    } catch (error) {
      expect(inspect(error)).not.toContain('SECRET');
    }
  });
});
