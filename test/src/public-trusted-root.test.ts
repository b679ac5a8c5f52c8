import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, it } from 'vitest';

const COMMITTED = new URL('../../packages/core/src/trust/public-trusted-root.json', import.meta.url);

interface Seeds {
  readonly [repository: string]: { readonly targets: Readonly<Record<string, string>> };
}

it('the built-in public trusted root is, byte for byte, the one that @sigstore/tuf ships', () => {
  const seeds = createRequire(import.meta.url)('@sigstore/tuf/seeds.json') as Seeds;
  const shipped = seeds['https://tuf-repo-cdn.sigstore.dev']?.targets['trusted_root.json'];
  expect(shipped).toBeTypeOf('string');
  expect(readFileSync(COMMITTED, 'base64')).toBe(shipped);
});
