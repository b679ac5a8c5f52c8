import { describe, expect, it } from 'vitest';
import { createDesktopRuntime } from './create-desktop-runtime.ts';
import { createRuntime } from './create-runtime.ts';

describe('runtime options', () => {
  it.each<Record<string, string>>([{}, { host: 'unix:///x' }, { context: 'default' }])('docker takes %j', (options) => {
    expect(createRuntime(options).name).toBe('docker');
  });

  it('docker-desktop takes none', () => {
    expect(createDesktopRuntime({}).name).toBe('docker-desktop');
  });

  it.each<[typeof createRuntime, Record<string, string>]>([
    [createRuntime, { path: '/x' }],
    [createRuntime, { constructor: 'x' }],
    [createRuntime, { host: '' }],
    [createRuntime, { context: '' }],
    [createRuntime, { host: 'unix:///x', context: 'default' }],
    [createDesktopRuntime, { host: 'unix:///x' }],
  ])('%o refuses %j before it asks any engine', (create, options) => {
    expect(() => create(options)).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});
