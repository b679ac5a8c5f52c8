import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What oclif read of a plugin's package.json; nothing of its code was loaded for it. */
export interface PluginMetadata {
  readonly name: string;
  readonly root: string;
  readonly hooks: Readonly<Record<string, readonly { readonly target: string; readonly identifier: string }[]>>;
  /** What the single file has inside, in place of hooks and files. */
  readonly packed?: readonly RuntimeProvider[];
}

/** The CLI's own package: what it lists is bundled. */
export interface HostPackage {
  readonly root: string;
  readonly pjson: {
    readonly dependencies?: Readonly<Record<string, string>>;
    readonly oclif: { readonly plugins?: readonly string[] };
  };
}

/** A function in a plugin that makes a runtime of this name. */
export interface RuntimeProvider {
  readonly runtime: string;
  readonly plugin: string;
  readonly root: string;
  readonly target: string;
  readonly identifier: string;
  readonly isBundled: boolean;
  /** In the single file, where there is no file of `root` and `target`. */
  readonly load?: () => Promise<Readonly<Record<string, unknown>>>;
}

const HOOK_PREFIX = 'runtime:';

/** Every provider that the plugins' metadata names. */
export function runtimeProviders(plugins: Iterable<PluginMetadata>, host: HostPackage): readonly RuntimeProvider[] {
  return [...plugins].flatMap((plugin) => {
    if (plugin.packed) return plugin.packed;
    const isBundled = isBundledPlugin(plugin, host);
    const hooks = Object.entries(plugin.hooks).filter(([event]) => event.startsWith(HOOK_PREFIX));
    return hooks.flatMap(([event, targets]) =>
      targets.map(({ target, identifier }) => {
        return {
          runtime: event.slice(HOOK_PREFIX.length),
          plugin: plugin.name,
          root: plugin.root,
          target,
          identifier,
          isBundled,
        };
      }),
    );
  });
}

/** Listed by the CLI itself and found from its own folder. A plugin's name and oclif's type for it prove neither. */
function isBundledPlugin(plugin: PluginMetadata, { root, pjson }: HostPackage): boolean {
  const isListed = pjson.oclif.plugins?.includes(plugin.name) && Object.hasOwn(pjson.dependencies ?? {}, plugin.name);
  return isListed === true && real(plugin.root) === dependencyRoot(plugin.name, root);
}

/** Where Node would find a dependency of the package at `from`: the nearest node_modules that has it. */
export function dependencyRoot(name: string, from: string): string | undefined {
  const found = real(join(from, 'node_modules', name));
  if (found !== undefined || dirname(from) === from) return found;
  return dependencyRoot(name, dirname(from));
}

function real(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}
