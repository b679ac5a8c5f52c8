import { describe, expect, it } from 'vitest';
import { isExempt } from './no-proxy.ts';

describe('bad input 20: NO_PROXY', () => {
  it.each([
    ['*', 'https://ghcr.io'],
    ['ghcr.io', 'https://ghcr.io'],
    ['example.org, GHCR.io', 'https://ghcr.io'],
    ['example.org ghcr.io', 'https://ghcr.io'],
    ['ghcr.io', 'https://pkg.ghcr.io'],
    ['.ghcr.io', 'https://pkg.ghcr.io'],
    ['.ghcr.io', 'https://ghcr.io'],
    ['*.ghcr.io', 'https://pkg.ghcr.io'],
    ['ghcr.io.', 'https://ghcr.io'],
    ['ghcr.io', 'https://ghcr.io.'],
    ['ghcr.io:443', 'https://ghcr.io'],
    ['localhost:80', 'http://localhost'],
    ['127.0.0.1', 'http://127.0.0.1:5000'],
    ['127.0.0.1:5000', 'http://127.0.0.1:5000'],
    ['10.0.0.0/8', 'https://10.1.2.3'],
    ['0.0.0.0/0', 'https://10.1.2.3'],
    ['::1', 'http://[::1]:5000'],
    ['[::1]', 'http://[::1]:5000'],
    ['[::1]:5000', 'http://[::1]:5000'],
    ['0:0::1', 'http://[::1]:5000'],
    ['fd00::/8', 'https://[fd12::1]'],
  ])('%j exempts %s', (list, target) => {
    expect(isExempt(new URL(target), list)).toBe(true);
  });

  it.each([
    ['', 'https://ghcr.io'],
    [',', 'https://ghcr.io'],
    ['.', 'https://ghcr.io'],
    ['.', 'https://ghcr.io..'],
    ['abc/8', 'https://10.0.0.0'],
    ['*.', 'https://ghcr.io'],
    ['hcr.io', 'https://ghcr.io'],
    ['evil-ghcr.io', 'https://ghcr.io'],
    ['ghcr.io', 'https://evil-ghcr.io'],
    ['ghcr.io', 'https://ghcr.io.evil.example'],
    ['ghcr.io:8443', 'https://ghcr.io'],
    ['ghcr.io:', 'https://ghcr.io'],
    ['https://ghcr.io', 'https://ghcr.io'],
    ['10.0.0.0/33', 'https://10.0.0.0'],
    ['10.0.0.0/8', 'https://11.0.0.1'],
    ['0.0.0.0/0', 'https://ghcr.io'],
    ['0.0.0.1', 'http://127.0.0.1'],
    ['1', 'http://127.0.0.1'],
    ['::/x', 'https://[::1]'],
    ['[', 'https://[::1]'],
  ])('%j does not exempt %s', (list, target) => {
    expect(isExempt(new URL(target), list)).toBe(false);
  });
});
