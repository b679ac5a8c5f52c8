import { describe, expect, it } from 'vitest';
import { isTrustedIdentity } from './trusted-identity.ts';

const issuer = 'https://token.actions.githubusercontent.com';
const subject = 'https://github.com/acme/sandbox/.github/workflows/release.yml@refs/tags/v1.2';

describe('a trusted identity', () => {
  it.each<[string, string | RegExp, boolean]>([
    ['the same subject', subject, true],
    ['a subject that it begins with', subject.slice(0, -2), false],
    ['a subject in other case', subject.toUpperCase(), false],
    [
      'a pattern of all of it',
      /^https:\/\/github\.com\/acme\/sandbox\/\.github\/workflows\/release\.yml@refs\/tags\/v[0-9.]+$/,
      true,
    ],
    ['a pattern of a part of it', /acme\/sandbox/, false],
    ['a pattern with an alternative that is anchored at one end', /^https:\/\/github\.com\/acme|other$/, false],
    ['a pattern with the flags of a search', /^https.*v1\.2$/gm, true],
  ])('by %s', (_, trusted, isTrusted) => {
    for (let again = 0; again < 2; again++)
      expect(isTrustedIdentity({ issuer, subject }, { issuer, subject: trusted })).toBe(isTrusted);
  });

  it('is of its issuer alone', () => {
    expect(isTrustedIdentity({ issuer: `${issuer}.evil`, subject }, { issuer, subject })).toBe(false);
  });
});
