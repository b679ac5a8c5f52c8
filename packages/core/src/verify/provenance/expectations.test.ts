import { describe, expect, it } from 'vitest';
import { codeOf } from '../../errors/coded-error.ts';
import { type GivenExpectations, parseExpectations } from './expectations.ts';

function codeOfParsing(given: GivenExpectations): string | undefined {
  try {
    parseExpectations(given);
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

const repository = 'acme/sandbox';

describe('what provenance must say', () => {
  it.each<[string, GivenExpectations]>([
    ['nothing at all', {}],
    ['all but a repository', { workflow: 'w', branch: 'b', commit: 'c' }],
    ['an empty repository', { repository: '' }],
    ['an empty workflow', { repository, workflow: '' }],
    ['an empty branch', { repository, branch: '' }],
    ['an empty tag', { repository, tag: '' }],
    ['an empty commit', { repository, commit: '' }],
    ['an empty builder', { repository, builder: '' }],
    ['a branch and a tag', { repository, branch: 'main', tag: 'v1' }],
    ['a pattern that is none', { repository, builder: '^(https$' }],
    ['a pattern too long', { repository, builder: `^${'x'.repeat(2000)}$` }],
  ])('bad input 108: is not %s', (_, given) => {
    expect(codeOfParsing(given)).toBe('USAGE');
  });

  it.each(['acme/sandbox', 'github.com/acme/sandbox', 'https://github.com/acme/sandbox'])(
    'is the repository acme/sandbox, written %s',
    (given) => expect(parseExpectations({ repository: given }).repository).toBe(repository),
  );

  it.each([
    'http://github.com/acme/sandbox',
    'https://github.com/acme/sandbox/',
    'https://github.com/acme/sandbox.git',
    'https://github.com//acme/sandbox',
    'https://www.github.com/acme/sandbox',
    'github.com/github.com/acme/sandbox',
    'HTTPS://github.com/acme/sandbox',
    ' acme/sandbox',
    'acme/sandbox\n',
    '//acme/sandbox',
  ])('is not that repository, written %j', (given) =>
    expect(parseExpectations({ repository: given }).repository).not.toBe(repository),
  );

  it('bad input 119: is data, whatever stands in it', () => {
    const odd = ['"', "'", '\n', '.*', '=~"^"', '\\', '{}', '[a-z]+', '$(id)'];
    for (const text of odd) {
      const expected = parseExpectations({
        repository: text,
        workflow: text,
        branch: text,
        commit: text,
        builder: text,
      });
      expect(expected).toMatchObject({ repository: text, workflow: text, branch: text, commit: text });
      expect([text, 'https://github.com/o/r', ''].map((one) => expected.builder?.matches(one))).toEqual([
        true,
        false,
        false,
      ]);
    }
  });

  it('has a pattern for the builder only where that is anchored at both ends, and all of it is', () => {
    const matches = (builder: string, one: string) => parseExpectations({ repository, builder }).builder?.matches(one);
    expect(matches('^https://x/a.c$', 'https://x/abc')).toBe(true);
    expect(matches('https://x/a.c', 'https://x/abc')).toBe(false);
    expect(matches('^a|b$', 'ax')).toBe(false);
    expect(matches('^a|b$', 'b')).toBe(true);
    expect(matches('^a.*$', 'a\nb')).toBe(false);
    expect(matches('^a', 'a')).toBe(false);
  });
});
