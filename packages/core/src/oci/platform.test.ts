import { describe, expect, it } from 'vitest';
import { formatPlatform, hostPlatform, isSamePlatform, type Platform } from './platform.ts';

const linux = (architecture: string, variant?: string): Platform => ({
  os: 'linux',
  architecture,
  ...(variant !== undefined && { variant }),
});

describe('a platform', () => {
  it.each([
    ['x64', 'amd64'],
    ['arm64', 'arm64'],
    ['arm', 'arm'],
    ['ia32', '386'],
    ['ppc64', 'ppc64le'],
    ['riscv64', 'riscv64'],
    ['constructor', 'constructor'],
  ])('of a machine that Node calls %s is linux/%s', (arch, architecture) => {
    expect(hostPlatform(arch)).toEqual(linux(architecture));
  });

  it('is written with slashes', () => {
    expect(formatPlatform(linux('arm', 'v7'))).toBe('linux/arm/v7');
    expect(formatPlatform(linux('amd64'))).toBe('linux/amd64');
  });

  it.each([
    ['bad input 41: arm64 and arm64/v8', linux('arm64'), linux('arm64', 'v8'), true],
    ['arm and arm/v7', linux('arm'), linux('arm', 'v7'), true],
    ['amd64 twice', linux('amd64'), linux('amd64'), true],
    ['an empty variant and none', linux('amd64', ''), linux('amd64'), true],
    ['arm64 and arm64/v9', linux('arm64'), linux('arm64', 'v9'), false],
    ['arm/v6 and arm/v7', linux('arm', 'v6'), linux('arm', 'v7'), false],
    ['amd64 and arm64', linux('amd64'), linux('arm64'), false],
    ['bad input 41: linux and windows', linux('amd64'), { os: 'windows', architecture: 'amd64' }, false],
    ['amd64/v8, where v8 means nothing, and amd64', linux('amd64', 'v8'), linux('amd64'), false],
  ])('%s: the same?', (_, left, right, same) => {
    expect(isSamePlatform(left, right)).toBe(same);
    expect(isSamePlatform(right, left)).toBe(same);
  });
});
