import { CodedError, printable } from '@dangerzone-image/core/errors';
import { reservedNames } from '../runtime/find-provider.ts';
import type { RuntimeProvider } from '../runtime/runtime-providers.ts';
import { isSingleFile, usePackageInstead } from '../single-file/is-single-file.ts';
import { readPluginList } from './plugin-list.ts';
import { type Plugin, readPlugin } from './read-plugin.ts';

/** A record, and the package that is there now or why it cannot be used. */
export type AddedPlugin = { readonly name: string; readonly path: string } & (
  | { readonly plugin: Plugin }
  | { readonly problem: Error }
);

export async function readAddedPlugins(folder: string | undefined): Promise<readonly AddedPlugin[]> {
  const records = await readPluginList(folder);
  if (isSingleFile()) return records.map((record) => ({ ...record, problem: takesNoPlugins() }));
  return Promise.all(
    records.map(async ({ name, path }) => {
      try {
        const plugin = await readPlugin(path);
        if (plugin.name !== name) throw new Error(`another package is there now: ${plugin.name}`);
        requireFreeNames(plugin);
        return { name, path, plugin };
      } catch (error) {
        return { name, path, problem: error as Error };
      }
    }),
  );
}

/** Nothing may come under a name of ours, whether or not it is asked for by that name today. */
export function requireFreeNames({ name, providers }: Plugin): void {
  const taken = providers.find(({ runtime }) => reservedNames.includes(runtime));
  if (!taken) return;
  throw new CodedError(
    'USAGE',
    `plugin ${printable(name)} claims the runtime ${taken.runtime}, which is this tool's own`,
    {
      suggestions: ['Ask whoever publishes it for another name of its runtime. It was not added.'],
      details: { plugin: name, runtime: taken.runtime },
    },
  );
}

/** Whoever has the single file checked its sum: what runs is that file, and nothing that is put beside it. */
export function takesNoPlugins(): CodedError {
  return new CodedError('USAGE', 'the single file takes no plugins: it runs no code but what is inside of it', {
    suggestions: [usePackageInstead],
  });
}

/** The providers of what was added; a broken package matters only to who asks for its runtime, and is told then. */
export async function addedProviders(folder: string | undefined): Promise<readonly RuntimeProvider[]> {
  const added = await readAddedPlugins(folder);
  return added.flatMap((entry) => ('plugin' in entry ? entry.plugin.providers : []));
}
