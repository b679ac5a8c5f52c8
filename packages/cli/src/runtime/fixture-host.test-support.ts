import { join } from 'node:path';
import { Config } from '@oclif/core/config';
import { settings } from '@oclif/core/settings';
import { temporaryFolder, writeFiles } from '../run-cli.test-support.ts';
import type { HostPackage, PluginMetadata } from './runtime-providers.ts';

export interface FixturePlugin {
  readonly name: string;
  readonly runtimes: readonly string[];
  /** The adapter's file; one that makes a working runtime where left out. */
  readonly code?: string;
  /** Also in the host's own list, and so bundled. */
  readonly isListed?: boolean;
}

export const workingAdapter = `export const createRuntime = (options) => {
  const nothing = async () => [];
  return { name: 'fixture', options, info: nothing, images: nothing, load: nothing, tag: nothing, remove: nothing };
};`;

/** A small host CLI with plugins in its node_modules, read by oclif itself. Plugins beside its own list are additions. */
export async function fixtureHost(
  plugins: readonly FixturePlugin[],
): Promise<{ plugins: readonly PluginMetadata[]; host: HostPackage }> {
  const root = temporaryFolder();
  const listed = plugins.filter(({ isListed }) => isListed).map(({ name }) => name);
  const others = plugins.filter(({ isListed }) => !isListed).map(({ name }) => name);
  const additions = join(root, 'additions');
  writeFiles(root, {
    'package.json': packageOf('host', listed, { plugins: listed }),
    'additions/package.json': packageOf('additions', others, {}),
  });
  for (const { name, runtimes, code, isListed } of plugins) {
    const hooks = Object.fromEntries(
      runtimes.map((runtime) => [`runtime:${runtime}`, { target: './index.js', identifier: 'createRuntime' }]),
    );
    const folder = join(isListed ? root : additions, 'node_modules', name);
    writeFiles(folder, { 'package.json': packageOf(name, [], { hooks }), 'index.js': code ?? workingAdapter });
  }
  settings.enableAutoTranspile = false;
  const config = await Config.load({
    root,
    userPlugins: false,
    devPlugins: false,
    pluginAdditions: { core: others, path: additions },
  });
  return { plugins: config.getPluginsList(), host: config };
}

function packageOf(name: string, dependencies: readonly string[], oclif: object): object {
  const versions = Object.fromEntries(dependencies.map((dependency) => [dependency, '1.0.0']));
  return { name, version: '1.0.0', type: 'module', exports: './index.js', dependencies: versions, oclif };
}
