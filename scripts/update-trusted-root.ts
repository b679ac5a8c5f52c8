/**
 * Writes what the pinned version of `@sigstore/tuf` ships: Sigstore's public trusted root into core, and the root of the
 * TUF repository that newer ones come from into `packages/tuf`. Run it after an update of that package, with the time at
 * which its version was published (`npm view @sigstore/tuf time`), and read the difference: every key in it is one that
 * users of the public log will trust.
 */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const PUBLIC_GOOD = 'https://tuf-repo-cdn.sigstore.dev';
const packages = new URL('../packages/', import.meta.url);
const [published = ''] = process.argv.slice(2);
const date = new Date(published).toISOString();

// `@sigstore/tuf` is a dependency of the tests alone: at run time nothing of it is there.
const requireFromTests = createRequire(new URL('../test/package.json', import.meta.url));
const { version }: { version: string } = requireFromTests('@sigstore/tuf/package.json');
const seeds: Record<string, { 'root.json': string; targets: Record<string, string> }> =
  requireFromTests('@sigstore/tuf/seeds.json');
const { targets, 'root.json': root } = seeds[PUBLIC_GOOD] ?? {};
const trustedRoot = targets?.['trusted_root.json'];
if (trustedRoot === undefined || root === undefined) throw new Error(`@sigstore/tuf ships nothing for ${PUBLIC_GOOD}`);

const origin = { from: `@sigstore/tuf ${version}`, date };
writeFileSync(new URL('core/src/trust/public-trusted-root.json', packages), Buffer.from(trustedRoot, 'base64'));
writeFileSync(
  new URL('core/src/trust/public-trusted-root-origin.json', packages),
  `${JSON.stringify(origin, undefined, 2)}\n`,
);
writeFileSync(
  new URL('tuf/src/initial-root.ts', packages),
  `// Written by scripts/update-trusted-root.ts: root.json as ${origin.from} ships it, in base64.\nexport const initialRoot =\n  '${root}';\n`,
);
