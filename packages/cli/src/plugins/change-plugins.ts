import { resolve } from 'node:path';
import { CodedError, printable } from '@dangerzone-image/core/errors';
import { dependencyRoot } from '../runtime/runtime-providers.ts';
import { isSingleFile } from '../single-file/is-single-file.ts';
import { type AddedPlugin, readAddedPlugins, requireFreeNames, takesNoPlugins } from './added-plugins.ts';
import { type PluginRecord, readPluginList, writePluginList } from './plugin-list.ts';
import { type Plugin, readPlugin } from './read-plugin.ts';

export interface PluginPlaces {
  /** The user's folder of settings. */
  readonly settingsFolder: string | undefined;
  /** The CLI's own package: a plugin that is named alone was installed beside it. */
  readonly root: string;
  readonly cwd: string;
}

/** Records a package that is installed already. Its code runs when `--runtime` names one of its runtimes, not before. */
export async function addPlugin(text: string, places: PluginPlaces): Promise<Plugin> {
  if (isSingleFile()) throw takesNoPlugins();
  const folder = requireFolder(places);
  const plugin = await readPlugin(locate(text, places));
  requireFreeNames(plugin);
  const others = (await readAddedPlugins(folder)).filter(({ name }) => name !== plugin.name);
  requireOneProvider(plugin, others);
  await writePluginList(folder, [...others.map(toRecord), { name: plugin.name, path: plugin.root }]);
  return plugin;
}

/** Forgets a package; the package itself is npm's to remove. */
export async function removePlugin(name: string, places: PluginPlaces): Promise<PluginRecord> {
  const folder = requireFolder(places);
  const plugins = await readPluginList(folder);
  const found = plugins.find((plugin) => plugin.name === name);
  if (!found) {
    throw new CodedError('USAGE', `no plugin ${printable(name)} was added`, {
      suggestions: [`Added are: ${plugins.map((plugin) => plugin.name).join(', ') || 'none'}.`],
    });
  }
  await writePluginList(
    folder,
    plugins.filter((plugin) => plugin !== found),
  );
  return found;
}

const PACKAGE_NAME = /^(?:@[\w.-]+\/)?[\w-][\w.-]*$/;

function locate(text: string, { root, cwd }: PluginPlaces): string {
  if (!PACKAGE_NAME.test(text)) return resolve(cwd, text);
  const found = dependencyRoot(text, root);
  if (found !== undefined) return found;
  throw new CodedError('USAGE', `no package ${printable(text)} is installed beside this tool`, {
    suggestions: [
      'Install it first, in the same way as this tool: npm install …',
      `For a folder of that name in the current one write ./${text}`,
    ],
  });
}

function requireOneProvider({ name, providers }: Plugin, others: readonly AddedPlugin[]): void {
  for (const { runtime } of providers) {
    const other = others.find(
      (entry) => 'plugin' in entry && entry.plugin.providers.some((it) => it.runtime === runtime),
    );
    if (!other) continue;
    throw new CodedError('USAGE', `${printable(name)} and ${printable(other.name)} both bring the runtime ${runtime}`, {
      suggestions: [`Keep one of them: dangerzone-image plugins remove ${other.name}`],
      details: { plugins: [name, other.name], runtime },
    });
  }
}

function requireFolder({ settingsFolder }: PluginPlaces): string {
  if (settingsFolder !== undefined) return settingsFolder;
  throw new CodedError('USAGE', 'expected a home folder to keep the list of plugins in, and the system knows none', {
    suggestions: ['Set HOME to your home folder.'],
  });
}

function toRecord({ name, path }: AddedPlugin): PluginRecord {
  return { name, path };
}
