import { describe, expect, it } from 'vitest';
import { refuseProxy } from './refuse-proxy.ts';

const proxy = 'http://user:SECRET@proxy.example:3128';
const target = new URL('https://ghcr.io/v2/');

describe('bad input 20: a proxy that is set and that this version cannot use', () => {
  it.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'])(
    'refuses a direct connection when %s is set',
    (variable) => {
      expect(() => refuseProxy(target, { [variable]: proxy })).toThrow(
        expect.objectContaining({ code: 'USAGE', message: expect.not.stringContaining('SECRET') }),
      );
    },
  );

  it.each([
    ['no proxy is set', target.href, {}],
    ['the variable is empty', target.href, { HTTPS_PROXY: '' }],
    ['the target is loopback', 'http://127.0.0.1:5000', { HTTPS_PROXY: proxy }],
    ['NO_PROXY names it', target.href, { HTTPS_PROXY: proxy, NO_PROXY: 'example.org, ghcr.io' }],
    ['NO_PROXY names it with its port', target.href, { HTTPS_PROXY: proxy, NO_PROXY: 'GHCR.io:443' }],
    ['no_proxy names what it is below', 'https://pkg.ghcr.io', { HTTPS_PROXY: proxy, no_proxy: '.ghcr.io' }],
    ['NO_PROXY is everything', target.href, { HTTPS_PROXY: proxy, NO_PROXY: '*' }],
  ])('connects when %s', (_name, url, env) => {
    expect(() => refuseProxy(new URL(url), env)).not.toThrow();
  });

  it.each(['evil-ghcr.io', 'io.example', 'ghcr.io:8443', 'hcr.io', ',', '.'])(
    'does not take NO_PROXY=%s for an exemption',
    (list) => {
      expect(() => refuseProxy(target, { HTTPS_PROXY: proxy, NO_PROXY: list })).toThrow(
        expect.objectContaining({ code: 'USAGE' }),
      );
    },
  );
});
