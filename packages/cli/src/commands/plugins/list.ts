import { BaseCommand } from '../../base-command.ts';
import type { AddedPlugin } from '../../plugins/added-plugins.ts';
import { type PluginFacts, type PluginsResult, pluginsLines } from '../../plugins/plugin-results.ts';

export default class PluginsList extends BaseCommand {
  static override summary = 'List the packages that were added, and whether they can be used.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];

  override async run(): Promise<number> {
    const { flags } = await this.parse(PluginsList);
    const { settingsFolder } = await this.begin(flags);
    const { readAddedPlugins } = await import('../../plugins/added-plugins.ts');
    const plugins = (await readAddedPlugins(settingsFolder)).map(factsOf);
    const result: PluginsResult = { verb: 'plugins list', status: 'listed', plugins };
    this.show(result, pluginsLines);
    return 0;
  }
}

function factsOf(added: AddedPlugin): PluginFacts {
  const { name, path } = added;
  if ('problem' in added) return { name, path, problem: added.problem.message };
  const { version, providers } = added.plugin;
  return { name, ...(version && { version }), path, runtimes: providers.map(({ runtime }) => runtime) };
}
