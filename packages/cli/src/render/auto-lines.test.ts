import type { AutoResult, Digest } from '@dangerzone-image/core';
import { expect, it } from 'vitest';
import { autoLines } from './auto-lines.ts';

const pinned: AutoResult = {
  verb: 'auto',
  status: 'pinned',
  decision: { row: 1, action: 'nothing', reason: 'pinned' },
  signatures: [],
};

it('auto does not call it well where it is pinned to no image, and says how to get one', () => {
  const text = autoLines(pinned).join('\n');
  expect(text).not.toContain('OK');
  expect(text).toContain('dangerzone-image upgrade');
  const image = { name: 'registry.example.org/team/sandbox', digest: `sha256:${'a'.repeat(64)}` as Digest };
  expect(autoLines({ ...pinned, image }).join('\n')).toMatch(/OK: pinned, nothing is done: .*@sha256:a/);
});
