import { codeOf } from '@dangerzone-image/core/errors';
import { describe, expect, it } from 'vitest';
import type { CommonFlags } from './common-flags.ts';
import { readVerbOptions } from './verb-options.ts';

const none = { json: false, debug: false } as CommonFlags;

describe('readVerbOptions', () => {
  it('takes seconds as milliseconds and waits a minute for a lock', () => {
    expect(readVerbOptions(none).lockTimeoutMs).toBe(60_000);
    expect(readVerbOptions({ ...none, timeout: '5', 'lock-timeout': '0' })).toMatchObject({
      timeoutMs: 5000,
      lockTimeoutMs: 0,
    });
  });

  it('splits a runtime option at its first equals sign', () => {
    const flags = { ...none, runtime: 'oci-layout', 'runtime-option': ['path=/a=b', 'constructor=x'] };
    expect(readVerbOptions(flags).runtimeOptions).toEqual({ path: '/a=b', constructor: 'x' });
  });

  it.each<[string, Partial<CommonFlags>]>([
    ['a runtime option without a value', { runtime: 'x', 'runtime-option': ['path'] }],
    ['a runtime option without a key', { runtime: 'x', 'runtime-option': ['=path'] }],
    ['an empty runtime option', { runtime: 'x', 'runtime-option': ['path='] }],
    ['a runtime option that reaches for the prototype', { runtime: 'x', 'runtime-option': ['__proto__=x'] }],
    ['a runtime option given twice', { runtime: 'x', 'runtime-option': ['path=a', 'path=b'] }],
    ['a runtime option without a runtime', { 'runtime-option': ['path=a'] }],
    ['a negative time', { timeout: '-1' }],
    ['no time at all', { timeout: '0' }],
    ['a fraction', { timeout: '1.5' }],
    ['a number in another spelling', { timeout: '1e3' }],
    ['more seconds than a timer can count', { 'lock-timeout': '9999999' }],
  ])('bad input 187: refuses %s', (_, flags) => {
    expect(() => readVerbOptions({ ...none, ...flags })).toThrow(
      expect.toSatisfy((error: unknown) => codeOf(error) === 'USAGE'),
    );
  });

  it('takes settings where there is no flag, and of a pair always the flag', () => {
    const settings = { profile: '/p.json', mirrors: ['https://m'], timeout: 7, quiet: true, mirrorOnly: true };
    expect(readVerbOptions(none, settings)).toMatchObject({
      profile: '/p.json',
      mirrors: ['https://m'],
      timeoutMs: 7000,
      isQuiet: true,
      mirrorOnly: true,
    });
    const flags = { profile: 'dangerzone', mirror: ['https://n'], timeout: '8', quiet: false, 'mirror-only': false };
    expect(readVerbOptions({ ...none, ...flags }, settings)).toMatchObject({
      profile: 'dangerzone',
      mirrors: ['https://n'],
      timeoutMs: 8000,
      isQuiet: false,
      mirrorOnly: false,
    });
  });

  it('gives the options of the settings to the runtime of the settings, and to no other', () => {
    const settings = { runtime: 'oci-layout', runtimeOptions: { path: '/images' } };
    const more = { 'runtime-option': ['path=/other'] };
    expect(readVerbOptions(none, settings)).toMatchObject({
      runtime: { value: 'oci-layout', origin: 'settings' },
      runtimeOptions: { path: '/images' },
    });
    expect(readVerbOptions({ ...none, runtime: 'podman' }, settings)).toMatchObject({
      runtime: { value: 'podman', origin: 'flag' },
      runtimeOptions: {},
    });
    expect(readVerbOptions({ ...none, ...more }, settings).runtimeOptions).toEqual({ path: '/other' });
  });
});
