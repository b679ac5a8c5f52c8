import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from './nearest.ts';

const verbs = ['check', 'status', 'store-signatures', 'upgrade', 'verify-local'];

describe('nearest', () => {
  it.each([
    ['upgrad', 'upgrade'],
    ['upgarde', 'upgrade'],
    ['verify_local', 'verify-local'],
    ['verifylocal', 'verify-local'],
    ['store-signature', 'store-signatures'],
    ['chekc', 'check'],
    ['install', undefined],
    ['x', undefined],
    ['', undefined],
    ['u'.repeat(100_000), undefined],
  ])('reads %j as %s', (typed, meant) => {
    expect(nearest(typed, verbs)).toBe(meant);
  });

  it('counts a swap of neighbours as one edit', () => {
    expect(editDistance('chekc', 'check')).toBe(1);
    expect(editDistance('', 'abc')).toBe(3);
    expect(editDistance('same', 'same')).toBe(0);
  });
});
