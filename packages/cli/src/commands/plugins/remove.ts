import * as Args from '@oclif/core/args';
import { BaseCommand } from '../../base-command.ts';
import { type PluginResult, pluginLines } from '../../plugins/plugin-results.ts';

export default class PluginsRemove extends BaseCommand {
  static override summary = 'Forget a package that was added; the package itself stays where it is.';
  static override examples = ['<%= config.bin %> <%= command.id %> dangerzone-image-runtime-nerdctl'];
  static override args = {
    plugin: Args.string({ description: 'Its name, as `plugins list` has it.', required: true, ignoreStdin: true }),
  };

  override async run(): Promise<number> {
    const { args, flags } = await this.parse(PluginsRemove);
    const { settingsFolder } = await this.begin(flags);
    const { removePlugin } = await import('../../plugins/change-plugins.ts');
    const places = { settingsFolder, root: this.config.root, cwd: process.cwd() };
    const plugin = await removePlugin(args.plugin, places);
    const result: PluginResult = { verb: 'plugins remove', status: 'removed', plugin };
    this.show(result, pluginLines);
    return 0;
  }
}
