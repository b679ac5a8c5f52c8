import { describe, expect, it } from 'vitest';
import { placeOf } from './network-place.ts';
import { registryOrigin } from './registry-origin.ts';

const hostOf = (url: string) => new URL(url).hostname;

describe('placeOf', () => {
  it.each([
    ['http://localhost', 'loopback'],
    ['http://127.0.0.1', 'loopback'],
    ['http://127.255.255.254', 'loopback'],
    ['http://[::1]', 'loopback'],
    ['http://2130706433', 'loopback'],
    ['http://0x7f.1', 'loopback'],
    ['http://[::ffff:127.0.0.1]', 'loopback'],
    ['http://169.254.169.254', 'private'],
    ['http://[::ffff:169.254.169.254]', 'private'],
    ['http://10.1.2.3', 'private'],
    ['http://172.31.0.1', 'private'],
    ['http://192.168.1.1', 'private'],
    ['http://100.64.0.1', 'private'],
    ['http://0.0.0.0', 'private'],
    ['http://[::]', 'private'],
    ['http://[fe80::1]', 'private'],
    ['http://[fd00::1]', 'private'],
    ['http://x.localhost', 'private'],
    ['http://172.32.0.1', 'public'],
    ['http://[2606:4700::1]', 'public'],
    ['http://127.evil.example', 'public'],
    ['http://localhost.evil.example', 'public'],
  ])('says that %s is %s', (url, place) => {
    expect(placeOf(hostOf(url))).toBe(place);
  });
});

describe('registryOrigin', () => {
  it.each([
    ['docker.io', 'https://registry-1.docker.io'],
    ['ghcr.io', 'https://ghcr.io'],
    ['registry.example.org:5000', 'https://registry.example.org:5000'],
    ['localhost', 'http://localhost'],
    ['localhost:5000', 'http://localhost:5000'],
    ['127.0.0.2:5000', 'http://127.0.0.2:5000'],
    ['[::1]:5000', 'http://[::1]:5000'],
    ['evildocker.io', 'https://evildocker.io'],
    ['localhost.evil.example', 'https://localhost.evil.example'],
    ['127.0.0.1.evil.example', 'https://127.0.0.1.evil.example'],
    ['x.localhost:80', 'https://x.localhost:80'],
  ])('reads %s at %s', (registry, origin) => {
    expect(registryOrigin(registry).origin).toBe(origin);
  });

  it.each(['0177.0.0.1', '2130706433:80', 'registry.example.org:99999', '127.1:5000', 'user@ghcr.io', 'ghcr.io/x', ''])(
    'refuses %j, which is not the host that it looks like',
    (registry) => {
      expect(() => registryOrigin(registry)).toThrow(expect.objectContaining({ code: 'REFERENCE_INVALID' }));
    },
  );
});
