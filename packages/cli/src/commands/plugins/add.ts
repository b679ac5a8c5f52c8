import * as Args from '@oclif/core/args';
import { BaseCommand } from '../../base-command.ts';
import { type PluginResult, pluginLines } from '../../plugins/plugin-results.ts';

export default class PluginsAdd extends BaseCommand {
  static override summary = 'Add a package that brings a runtime; its code runs when --runtime names it.';
  static override description =
    'The package must be installed already, and nobody else may be able to change it. Nothing is downloaded.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> ./dangerzone-image-runtime-nerdctl',
    '<%= config.bin %> <%= command.id %> dangerzone-image-runtime-nerdctl',
  ];
  static override args = {
    plugin: Args.string({
      description: 'A folder, or the name of a package that is installed beside this tool.',
      required: true,
      ignoreStdin: true,
    }),
  };

  override async run(): Promise<number> {
    const { args, flags } = await this.parse(PluginsAdd);
    const { settingsFolder } = await this.begin(flags);
    const { addPlugin } = await import('../../plugins/change-plugins.ts');
    const plugin = await addPlugin(args.plugin, { settingsFolder, root: this.config.root, cwd: process.cwd() });
    const { name, version, root: path, providers } = plugin;
    const runtimes = providers.map(({ runtime }) => runtime);
    const result: PluginResult = {
      verb: 'plugins add',
      status: 'added',
      plugin: { name, ...(version && { version }), path, runtimes },
    };
    this.show(result, pluginLines);
    return 0;
  }
}
