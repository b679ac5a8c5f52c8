import { next, note, ok } from '../render/image-lines.ts';

/** A plugin in a result. */
export interface PluginFacts {
  readonly name: string;
  readonly version?: string;
  readonly path: string;
  readonly runtimes?: readonly string[];
  /** Why it cannot be used. */
  readonly problem?: string;
}

export interface PluginResult {
  readonly verb: 'plugins add' | 'plugins remove';
  readonly status: 'added' | 'removed';
  readonly plugin: PluginFacts;
}

export interface PluginsResult {
  readonly verb: 'plugins list';
  readonly status: 'listed';
  readonly plugins: readonly PluginFacts[];
}

export function pluginLines({ status, plugin }: PluginResult): string[] {
  const { name, path, runtimes = [] } = plugin;
  if (status === 'removed') return [ok(`removed ${name}`), `   the package is still in ${path}`];
  return [
    ok(`added ${name}, from ${path}`),
    note('its code is not part of this tool, is not checked by it, and runs as you'),
    ...runtimes.map((runtime) => next(`Use it: dangerzone-image status --runtime ${runtime}`)),
  ];
}

export function pluginsLines({ plugins }: PluginsResult): string[] {
  if (plugins.length === 0) return ['no plugins were added'];
  return plugins.flatMap(({ name, path, runtimes = [], problem }) => [
    `${name}: ${problem === undefined ? runtimes.join(', ') : `❌ ${problem}`}`,
    `   ${path}`,
  ]);
}
