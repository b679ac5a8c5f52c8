import { readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Manifest {
  readonly commands: Readonly<Record<string, { readonly relativePath: readonly string[] }>>;
}

interface Package {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly oclif: {
    readonly plugins?: readonly string[];
    readonly hooks?: Readonly<Record<string, { readonly identifier: string }>>;
  };
}

const HOOK_PREFIX = 'runtime:';

/**
 * The entry of the single file, as code: a table of what is inside, for `Contents`. It is made from the metadata that the
 * package is run by, so that a new verb or a new adapter is in both.
 */
export function singleFileTable(root: string): string {
  const cli = join(root, 'packages', 'cli');
  const { name, version, description, oclif } = readJson<Package>(join(cli, 'package.json'));
  const manifest = readJson<Manifest>(join(cli, 'oclif.manifest.json'));
  const adapters = (oclif.plugins ?? []).map((plugin) =>
    readJson<Package>(join(cli, 'node_modules', plugin, 'package.json')),
  );
  const commands = Object.entries(manifest.commands).map(
    ([id, { relativePath }]) => `${text(id)}: () => import(${text(sourceOf(cli, relativePath))})`,
  );
  return `
    import { runSingleFile } from ${text(join(cli, 'src', 'single-file', 'run-single-file.ts'))};
    void runSingleFile(process.argv.slice(2), {
      package: ${text({ name, version, description, oclif: { ...oclif, plugins: [] } })},
      manifest: () => JSON.parse(${text(text(manifest))}),
      commands: { ${commands.join(', ')} },
      adapters: [${adapters.flatMap(adapterRows).join(', ')}],
    });`;
}

function adapterRows({ name, oclif }: Package): string[] {
  const hooks = Object.entries(oclif.hooks ?? {}).filter(([event]) => event.startsWith(HOOK_PREFIX));
  return hooks.map(([event, { identifier }]) => {
    const members = { runtime: event.slice(HOOK_PREFIX.length), plugin: name, identifier };
    return `{ ...${text(members)}, load: () => import(${text(name)}) }`;
  });
}

/** From `dist/commands/check.js` to its source. */
function sourceOf(cli: string, [, ...path]: readonly string[]): string {
  return join(cli, 'src', ...path).replace(/\.js$/, '.ts');
}

function readJson<Shape>(file: string): Shape {
  return JSON.parse(readFileSync(file, 'utf8')) as Shape;
}

const text = (value: unknown) => JSON.stringify(value);
