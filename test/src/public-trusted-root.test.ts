import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { builtInPublicRoot } from '@dangerzone-image/core';
import { describe, expect, it } from 'vitest';

const load = createRequire(import.meta.url);
const seeds: Record<string, { 'root.json': string; targets: Record<string, string> }> =
  load('@sigstore/tuf/seeds.json');
const { version }: { version: string } = load('@sigstore/tuf/package.json');
const { 'root.json': root, targets } = seeds['https://tuf-repo-cdn.sigstore.dev'] ?? {};
const committed = (path: string) => readFileSync(new URL(`../../packages/${path}`, import.meta.url));

describe('what ships of Sigstore’s is, byte for byte, what @sigstore/tuf ships', () => {
  it('the public trusted root', () => {
    const shipped = targets?.['trusted_root.json'];
    expect(shipped).toBeTypeOf('string');
    expect(committed('core/src/trust/public-trusted-root.json').toString('base64')).toBe(shipped);
    expect(Buffer.from(builtInPublicRoot().bytes).toString('base64')).toBe(shipped);
  });

  it('the root of the TUF repository that newer ones come from', () => {
    expect(root).toBeTypeOf('string');
    expect(/'([A-Za-z0-9+/=]+)'/.exec(committed('tuf/src/initial-root.ts').toString())?.[1]).toBe(root);
  });

  it('and says of which version it is', () => {
    expect(builtInPublicRoot().from).toBe(`@sigstore/tuf ${version}`);
  });
});
