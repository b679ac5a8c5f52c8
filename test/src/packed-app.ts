import { execFile } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, realpath, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { packPackage, publishedFolders } from '../../scripts/pack-package.ts';

const root = join(import.meta.dirname, '..', '..');
export const example = join(root, 'examples', 'runtime-nerdctl');

/** A folder outside of the workspace with everything installed that we publish, from what npm would get. */
export interface PackedApp extends AsyncDisposable {
  readonly folder: string;
  /** The program that `npm install` would put in `.bin`. */
  readonly cli: string;
  readonly packages: readonly PackedPackage[];
}

export interface PackedPackage {
  readonly name: string;
  readonly version: string;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/**
 * As `npm install *.tgz` leaves it, without a network: each tarball unpacked, and beside them links to the workspace's
 * copies of what others publish. Only what a tarball holds and a package.json declares is there to be found.
 */
export async function installPacked(): Promise<PackedApp> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'dangerzone-image-packed-')));
  await chmod(folder, 0o700);
  const modules = join(folder, 'node_modules');
  const folders = [...publishedFolders(), example];
  const packages = await Promise.all(folders.map((source) => unpack(source, folder, modules)));
  const ours = new Set(packages.map(({ name }) => name));
  for (const [index, { dependencies, peerDependencies }] of packages.entries()) {
    for (const name of Object.keys({ ...dependencies, ...peerDependencies })) {
      if (!ours.has(name))
        await link(await realpath(join(folders[index] as string, 'node_modules', name)), modules, name);
    }
  }
  // What a project in TypeScript has anyway.
  await link(await realpath(join(root, 'node_modules', '@types', 'node')), modules, '@types/node');
  const [program] = packages.flatMap(({ name, bin }) =>
    Object.values(bin ?? {}).map((file) => join(modules, name, file)),
  );
  if (program === undefined) throw new Error('no package brings a program');
  return {
    folder,
    cli: program,
    packages,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}

async function unpack(source: string, folder: string, modules: string): Promise<PackedPackage> {
  const tarball = await packPackage(source, folder);
  const facts: PackedPackage = JSON.parse(await readFile(join(source, 'package.json'), 'utf8'));
  const target = join(modules, facts.name);
  await mkdir(target, { recursive: true });
  await promisify(execFile)('tar', ['-xzf', tarball, '-C', target, '--strip-components=1', '--no-same-owner']);
  return JSON.parse(await readFile(join(target, 'package.json'), 'utf8'));
}

/** One version of each: with two, an `npm install` would nest one, and this folder would show something else. */
async function link(target: string, modules: string, name: string): Promise<void> {
  const path = join(modules, name);
  await mkdir(dirname(path), { recursive: true });
  const there = await realpath(path).catch(() => undefined);
  if (there === undefined) await symlink(target, path, 'junction');
  else if (there !== target) throw new Error(`two versions of ${name}: ${there} and ${target}`);
}
