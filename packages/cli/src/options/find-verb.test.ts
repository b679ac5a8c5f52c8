import { describe, expect, it } from 'vitest';
import { findVerb, isTopic } from './find-verb.ts';

const ids = ['check', 'plugins:add', 'plugins:list', 'state:show'];

describe('findVerb', () => {
  it.each([
    [['check', '--json'], { verb: 'check', id: 'check', words: ['--json'] }],
    [['plugins', 'add', 'x'], { verb: 'plugins add', id: 'plugins:add', words: ['x'] }],
    [['plugins:add', 'x'], undefined],
    [['plugins'], undefined],
    [['plugins', 'addd'], undefined],
    [['--json', 'check'], undefined],
    [[], undefined],
  ])('reads %j as %j', (argv, found) => {
    expect(findVerb(argv, ids)).toEqual(found);
  });

  it('knows the words that several verbs begin with', () => {
    expect([[], ['plugins'], ['check'], ['plugins', 'addd'], ['plug']].map((words) => isTopic(words, ids))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });
});
