import type { Command } from '@oclif/core/command';
import { Config, Plugin } from '@oclif/core/config';
import { confineOclif } from '../load-config.ts';
import type { PluginMetadata, RuntimeProvider } from '../runtime/runtime-providers.ts';
import type { Contents } from './contents.ts';

/** oclif's view of the single file: one plugin that has the verbs and the runtimes inside. */
export async function loadPackedConfig(contents: Contents, env: NodeJS.ProcessEnv = process.env): Promise<Config> {
  confineOclif(env);
  const plugin = new PackedPlugin(contents);
  await plugin.load();
  const plugins = new Map([[plugin.name, plugin]]);
  return Config.load({ root: plugin.root, plugins, userPlugins: false, devPlugins: false });
}

class PackedPlugin extends Plugin implements PluginMetadata {
  readonly packed: readonly RuntimeProvider[];
  readonly #contents: Contents;

  constructor(contents: Contents) {
    // A file has nothing below it: whatever were still looked for there is not found.
    const root = process.execPath;
    super({ root, pjson: contents.package, isRoot: true, type: 'core' });
    this.#contents = contents;
    // Private by its type, and the only way that oclif has to the description of verbs.
    Object.defineProperty(this, '_manifest', { value: async () => contents.manifest() });
    this.packed = contents.adapters.map((adapter) => ({ ...adapter, root, target: adapter.plugin, isBundled: true }));
  }

  override findCommand(id: string, options: { must: true }): Promise<Command.Class>;
  override findCommand(id: string, options?: { must: boolean }): Promise<Command.Class | undefined>;
  override async findCommand(id: string): Promise<Command.Class | undefined> {
    const module = await this.#contents.commands[id]?.();
    if (module === undefined) return undefined;
    const command = module.default as Command.Class;
    command.id = id;
    command.plugin = this;
    return command;
  }
}
