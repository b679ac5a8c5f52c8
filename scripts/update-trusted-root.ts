/**
 * Writes the public Sigstore trusted root into core, as the pinned version of `@sigstore/tuf` ships it. Run it after an
 * update of that package, and read the difference: every key in it is one that users of the public log will trust.
 */
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const PUBLIC_GOOD = 'https://tuf-repo-cdn.sigstore.dev';
const target = new URL('../packages/core/src/trust/public-trusted-root.json', import.meta.url);

// `@sigstore/tuf` is a dependency of the tests alone: at run time nothing is fetched.
const requireFromTests = createRequire(new URL('../test/package.json', import.meta.url));
const seeds: Record<string, { targets: Record<string, string> }> = requireFromTests('@sigstore/tuf/seeds.json');
const encoded = seeds[PUBLIC_GOOD]?.targets['trusted_root.json'];
if (encoded === undefined) throw new Error(`@sigstore/tuf ships no trusted_root.json for ${PUBLIC_GOOD}`);
writeFileSync(target, Buffer.from(encoded, 'base64'));
