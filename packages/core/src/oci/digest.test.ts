import { describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import { digestOf, hexOf, isDigest, parseDigest, shortDigest } from './digest.ts';

const hex = '0123456789abcdef'.repeat(4);

function codeOfParsing(text: unknown): string | undefined {
  try {
    parseDigest(text, 'the test');
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

describe('a digest', () => {
  it('is sha256: and 64 lower-case hex digits', () => {
    expect(parseDigest(`sha256:${hex}`, 'the test')).toBe(`sha256:${hex}`);
  });

  it('of bytes is their SHA-256', () => {
    const empty = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
    expect(digestOf(new Uint8Array())).toBe(empty);
    expect(hexOf(digestOf(new Uint8Array()))).toBe(empty.slice(7));
    expect(shortDigest(digestOf(new Uint8Array()))).toBe('sha256:e3b0c44298fc');
  });

  it.each([
    ['a path in place of hex', 'sha256:../../x'],
    ['a path of the right length', `sha256:../../${hex.slice(6)}`],
    ['upper-case hex', `sha256:${hex.toUpperCase()}`],
    ['an upper-case algorithm', `SHA256:${hex}`],
    ['63 hex digits', `sha256:${hex.slice(1)}`],
    ['65 hex digits', `sha256:${hex}0`],
    ['md5', `md5:${hex.slice(0, 32)}`],
    ['sha512', `sha512:${hex}${hex}`],
    ['a line feed after it', `sha256:${hex}\n`],
    ['a line feed in place of the last digit', `sha256:${hex.slice(1)}\n`],
    ['a blank before it', ` sha256:${hex}`],
    ['a NUL after it', `sha256:${hex}\0`],
    ['full-width digits', `sha256:${'０'.repeat(64)}`],
    ['two algorithms', `sha256:sha256:${hex}`],
    ['bare hex', hex],
    ['nothing', ''],
    ['a list of one digest', [`sha256:${hex}`]],
    ['a number', 256],
    ['null', null],
    ['undefined', undefined],
    ['an object that prints as one', { toString: () => `sha256:${hex}`, length: 71 }],
  ])('bad input 37: is not %s', (_, text) => {
    expect(isDigest(text)).toBe(false);
    expect(codeOfParsing(text)).toBe('MANIFEST_INVALID');
  });
});
