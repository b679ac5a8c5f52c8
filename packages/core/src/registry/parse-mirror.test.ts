import { describe, expect, it } from 'vitest';
import type { CodedError } from '../errors/coded-error.ts';
import { parseMirror } from './parse-mirror.ts';

describe('parseMirror', () => {
  it.each([
    ['https://mirror.example.net', 'https://mirror.example.net', ''],
    ['https://mirror.example.net/', 'https://mirror.example.net', ''],
    ['https://mirror.example.net:8443/proxy/ghcr.io/', 'https://mirror.example.net:8443', 'proxy/ghcr.io'],
    ['http://127.0.0.1:5000', 'http://127.0.0.1:5000', ''],
    ['http://[::1]:5000/cache', 'http://[::1]:5000', 'cache'],
  ])('reads %s', (text, origin, prefix) => {
    const mirror = parseMirror(text);
    expect([mirror.origin.origin, mirror.prefix]).toEqual([origin, prefix]);
  });

  it.each([
    ['plain http beyond loopback', 'http://mirror.example.net'],
    ['a loopback look-alike', 'http://127.0.0.1.evil.example'],
    ['no scheme', 'mirror.example.net'],
    ['another scheme', 'file:///etc'],
    ['a user name', 'https://user:SECRET@mirror.example.net'],
    ['a query', 'https://mirror.example.net/?token=SECRET'],
    ['a fragment', 'https://mirror.example.net/#SECRET'],
    ['a way up', 'https://mirror.example.net/a/../b'],
    ['an escaped way up', 'https://mirror.example.net/a/%2e%2e/b'],
    ['a backslash', 'https://mirror.example.net\\@evil.example'],
    ['an empty part', 'https://mirror.example.net/a//b'],
    ['a newline', 'https://mirror.example.net\n'],
    ['a space', ' https://mirror.example.net'],
    ['a port that is none', 'https://mirror.example.net:99999'],
    ['nothing', ''],
    ['10 000 characters', `https://${'a'.repeat(10_000)}`],
  ])('refuses %s, and repeats no secret', (_name, text) => {
    let error: unknown;
    try {
      parseMirror(text);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'USAGE' });
    expect((error as CodedError).message).not.toContain('SECRET');
  });
});
