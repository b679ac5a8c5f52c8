import { describe, expect, it } from 'vitest';
import { platformOfArch, readPlatform } from './read-platform.ts';

const arm64 = { os: 'linux', architecture: 'arm64' };
const armv7 = { os: 'linux', architecture: 'arm', variant: 'v7' };

describe('platformOfArch', () => {
  it.each([
    ['amd64', { os: 'linux', architecture: 'amd64' }],
    ['x86_64', { os: 'linux', architecture: 'amd64' }],
    ['aarch64', arm64],
    ['ARM64', arm64],
    ['armv7l', armv7],
    ['riscv64', { os: 'linux', architecture: 'riscv64' }],
  ])('reads %s', (text, expected) => expect(platformOfArch(text)).toEqual(expected));
});

describe('readPlatform', () => {
  it.each([
    ['linux/aarch64', arm64],
    ['linux/arm64/v8', arm64],
    ['linux/arm/v7', armv7],
    ['windows/amd64', { os: 'windows', architecture: 'amd64' }],
  ])('reads %s', (text, expected) => expect(readPlatform(text)).toEqual(expected));

  it.each(['', 'linux', 'linux/', '/amd64', 'linux/arm/v7/x', 'linux/../x', 'linux/arm/', 'linux/a b', '\u0000/x'])(
    'refuses %j',
    (text) => expect(() => readPlatform(text)).toThrow(expect.objectContaining({ code: 'USAGE' })),
  );

  it.each(['', '../x', 'a/b', '-x', 'x'.repeat(40)])('refuses the architecture %j', (text) =>
    expect(() => platformOfArch(text)).toThrow(expect.objectContaining({ code: 'USAGE' })),
  );
});
