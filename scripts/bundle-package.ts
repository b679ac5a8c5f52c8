// Bundles the package in the current folder into few files: most of a start was spent on opening hundreds (ADR 12).
// Entries are what package.json names; what only some run needs is imported with `await import`, and so a chunk apart.
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type OutputChunk, rolldown } from 'rolldown';
import { builtins } from './builtins.ts';
import { thirdPartyNotices } from './third-party-notices.ts';
import { trimDockerode } from './trim-dockerode.ts';
import { trimOclif } from './trim-oclif.ts';

interface Manifest {
  readonly exports?: Readonly<Record<string, string | { readonly default: string }>>;
  readonly oclif?: { readonly commands?: string };
}

const folder = process.cwd();
const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;

/** From `./dist/errors/index.js` to the entry `errors/index` and its source. */
function entryOf(target: string): [string, string][] {
  const [, name] = /^\.\/dist\/(.+)\.js$/.exec(target) ?? [];
  return name === undefined ? [] : [[name, `src/${name}.ts`]];
}

function exportEntries({ exports = {} }: Manifest): [string, string][] {
  return Object.values(exports).flatMap((target) => entryOf(typeof target === 'string' ? target : target.default));
}

/** The CLI: its start, and a file for each command, where oclif's manifest says that it is. */
function commandEntries({ oclif }: Manifest): [string, string][] {
  if (oclif?.commands === undefined) return [];
  const commands = globSync('src/commands/**/*.ts', { cwd: folder, exclude: ['**/*.test.ts'] }).sort();
  return ['src/main.ts', ...commands].flatMap((source) => entryOf(`./${source.replace(/^src(.+)ts$/, 'dist$1js')}`));
}

const bundle = await rolldown({
  cwd: folder,
  platform: 'node',
  plugins: [trimOclif, trimDockerode, builtins],
  input: Object.fromEntries([...exportEntries(manifest), ...commandEntries(manifest)]),
  // Our own packages stay apart, so that the CLI and its adapters share one core. Vitest is the contract suite's peer.
  external: [/^@dangerzone-image\/(?!core\/errors)/, /^vitest(\/|$)/],
  onLog(level, log, handler) {
    handler(level === 'warn' ? 'error' : level, log);
  },
});
await bundle.write({
  dir: 'dist',
  cleanDir: true,
  format: 'esm',
  minify: true,
  chunkFileNames: 'chunks/[name].js',
  plugins: [
    {
      name: 'third-party-notices',
      generateBundle(_, files) {
        const chunks = Object.values(files).filter((file): file is OutputChunk => file.type === 'chunk');
        const source = thirdPartyNotices(chunks.flatMap(({ modules }) => Object.keys(modules)));
        if (source !== undefined) this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY-NOTICES.txt', source });
      },
    },
  ],
});
await bundle.close();
