import { loadProfile } from '@dangerzone-image/core';
import { describe, expect, it } from 'vitest';
import { described } from './command-line.test-support.ts';
import { builtInProfiles, describeCommandLine } from './describe-command-line.ts';

const { nodes } = describeCommandLine(described);

function nodeAt(...path: readonly string[]) {
  const node = nodes.find((other) => other.path.join(' ') === path.join(' '));
  if (node === undefined) throw new Error(`no node at ${path}`);
  return node;
}

function takenBy(name: string) {
  return nodeAt('upgrade').options.find((option) => option.name === name)?.value;
}

describe('describeCommandLine', () => {
  it('has verbs, topics and the verbs of topics, but nothing hidden', () => {
    expect(nodes.map(({ path }) => path.join(' '))).toEqual([
      '',
      'completion',
      'load',
      'state',
      'state reset',
      'state show',
      'upgrade',
    ]);
    expect(nodeAt('state').entries.map(({ word }) => word)).toEqual(['reset', 'show']);
    expect(nodeAt('upgrade').options.map(({ name }) => name)).not.toContain('secret');
  });

  it('names no runtime that a shell could read something into, and each once', () => {
    expect(takenBy('runtime')?.words).toEqual(['new.one', 'oci-layout', 'podman']);
  });

  it('tells from the metadata what an option or an argument takes', () => {
    expect(takenBy('profile')).toEqual({ label: 'FILE|NAME', words: ['dangerzone'], paths: 'json' });
    expect(takenBy('state-dir')?.paths).toBe('folders');
    expect(takenBy('ca-file')?.paths).toBe('files');
    expect(takenBy('mirror')).toEqual({ label: 'URL', words: [], paths: 'none' });
    expect(takenBy('quiet')).toBeUndefined();
    expect(nodeAt('load').argument?.paths).toBe('files');
    expect(nodeAt('completion').argument?.words).toEqual(['bash', 'zsh']);
  });

  it('knows a switch and its opposite', () => {
    const switches = nodeAt('upgrade').options.filter(({ opposite }) => opposite !== undefined);
    expect(switches.map(({ name, opposite }) => [name, opposite])).toEqual([
      ['quiet', 'no-quiet'],
      ['no-quiet', 'quiet'],
    ]);
  });

  it('keeps a summary on one line, without controls', () => {
    for (const { summary } of nodeAt('upgrade').options) expect(summary).not.toMatch(/[\p{C}\n]/u);
  });

  it.each(builtInProfiles)('core has a built-in profile %s', async (name) => {
    expect((await loadProfile(name, { env: {} })).isBuiltIn).toBe(true);
  });
});
