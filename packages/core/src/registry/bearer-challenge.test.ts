import { describe, expect, it } from 'vitest';
import { parseBearerChallenge } from './bearer-challenge.ts';

const ghcr = new URL('https://ghcr.io');
const local = new URL('http://127.0.0.1:5000');

describe('parseBearerChallenge', () => {
  it.each([
    [
      'Bearer realm="https://ghcr.io/token",service="ghcr.io",scope="repository:o/i:pull"',
      'https://ghcr.io/token',
      'ghcr.io',
    ],
    ['bearer  Realm="https://auth.example.org/t?x=1" , service=plain', 'https://auth.example.org/t?x=1', 'plain'],
    ['Bearer realm="https://ghcr.io/token"', 'https://ghcr.io/token', undefined],
  ])('reads %s', (header, realm, service) => {
    const challenge = parseBearerChallenge(header, ghcr);
    expect([challenge.realm.href, challenge.service]).toEqual([realm, service]);
  });

  it('lets a registry on loopback name a realm on loopback', () => {
    expect(parseBearerChallenge(`Bearer realm="${local.origin}/token"`, local).realm.host).toBe(local.host);
  });

  it.each([
    ['a realm over http', 'Bearer realm="http://ghcr.io/token"'],
    ['a realm in a file', 'Bearer realm="file:///etc/passwd"'],
    ['a realm with a user name', 'Bearer realm="https://user:pw@ghcr.io/token"'],
    ['no realm', 'Bearer service="ghcr.io"'],
    ['an empty realm', 'Bearer realm=""'],
    ['a relative realm', 'Bearer realm="/token"'],
    ['two realms', 'Bearer realm="https://a.example/t",realm="https://b.example/t"'],
    ['two challenges in one header', 'Bearer realm="https://ghcr.io/token", Basic realm="x"'],
    ['two headers', ['Bearer realm="https://ghcr.io/token"', 'Bearer realm="https://evil.example/t"']],
    ['no header', undefined],
    ['unbalanced quotes', 'Bearer realm="https://ghcr.io/token'],
    ['a quote too many', 'Bearer realm="https://ghcr.io/token""'],
    ['an escape', 'Bearer realm="https://ghcr.io/\\token"'],
    ['a comma at the end', 'Bearer realm="https://ghcr.io/token",'],
    ['a service with a newline', 'Bearer realm="https://ghcr.io/token",service="a\nb"'],
    ['a service of words', 'Bearer realm="https://ghcr.io/token",service="a b"'],
    ['nothing behind the scheme', 'Bearer '],
    ['1 MB', `Bearer realm="https://ghcr.io/${'a'.repeat(1024 * 1024)}"`],
  ])('bad input 24: refuses %s', (_name, header) => {
    expect(() => parseBearerChallenge(header, ghcr)).toThrow(
      expect.objectContaining({ code: 'REGISTRY_ANSWER_INVALID' }),
    );
  });

  it.each([
    ['cloud metadata', 'https://169.254.169.254/latest'],
    ['loopback', 'https://127.0.0.1/token'],
    ['loopback over http', 'http://127.0.0.1/token'],
    ['loopback by name', 'https://localhost/token'],
    ['loopback as a number', 'https://2130706433/token'],
    ['loopback as IPv6', 'https://[::1]/token'],
    ['a private network', 'https://192.168.0.1/token'],
    ['a socket', 'unix:///run/docker.sock'],
  ])('bad input 7: refuses a realm at %s', (_name, realm) => {
    expect(() => parseBearerChallenge(`Bearer realm="${realm}"`, ghcr)).toThrow(
      expect.objectContaining({ code: 'REGISTRY_ANSWER_INVALID' }),
    );
  });

  it.each([
    ['parameters without end', `Bearer ${'a=b,'.repeat(1000)}`],
    ['spaces without end', `Bearer realm=x${' '.repeat(4000)}!`],
    ['words without end', `Bearer ${'a'.repeat(4000)}`],
    ['quotes without end', `Bearer ${'"'.repeat(4000)}`],
    ['a long header', `Bearer ${'realm="x" '.repeat(100_000)}`],
  ])('bad input 24: decides on %s at once', (_name, header) => {
    const start = performance.now();
    expect(() => parseBearerChallenge(header, ghcr)).toThrow();
    expect(performance.now() - start).toBeLessThan(5000); // a pattern that goes back takes minutes, or for ever
  });

  it('says that a log-in of another kind is denied, not broken', () => {
    expect(() => parseBearerChallenge('Basic realm="x"', ghcr)).toThrow(
      expect.objectContaining({ code: 'REGISTRY_DENIED' }),
    );
  });
});
