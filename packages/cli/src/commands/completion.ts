import * as Args from '@oclif/core/args';
import { BaseCommand } from '../base-command.ts';
import { completionScript, type Shell, shells } from '../completion/completion-script.ts';
import { builtInProfiles, describeCommandLine } from '../completion/describe-command-line.ts';
import { commonFlags } from '../options/common-flags.ts';
import { hiddenFlags } from '../options/hidden-flags.ts';
import { jsonLine } from '../render/json-line.ts';
import { runtimeProviders } from '../runtime/runtime-providers.ts';
import { homeFolder } from '../session/home-folder.ts';
import { settingsFolder } from '../settings/locate-settings.ts';

export default class Completion extends BaseCommand {
  static override summary = 'Print a script that completes verbs, options and values in your shell.';
  static override description = [
    'No file is written, and the script runs nothing of this tool. It knows the verbs, options and runtimes of the day it was made: make it again after an upgrade, or when a runtime was added. Put into the start file of your shell:',
    'bash, ~/.bashrc:\n  eval "$(<%= config.bin %> completion bash)"',
    'zsh, ~/.zshrc, after compinit:\n  eval "$(<%= config.bin %> completion zsh)"',
    'fish, ~/.config/fish/config.fish:\n  <%= config.bin %> completion fish | source',
    'PowerShell, the file that $PROFILE names:\n  <%= config.bin %> completion powershell | Out-String | Invoke-Expression',
  ].join('\n\n');
  static override examples = [
    '<%= config.bin %> <%= command.id %> bash > ~/.local/share/bash-completion/completions/<%= config.bin %>',
    '<%= config.bin %> <%= command.id %> zsh > ~/.zfunc/_<%= config.bin %>',
    '<%= config.bin %> <%= command.id %> fish > ~/.config/fish/completions/<%= config.bin %>.fish',
  ];
  // Taken, as by every verb, and of no effect but for --json: the script depends on no settings, so that a shell starts without them.
  static override baseFlags = hiddenFlags(commonFlags, ['json', 'debug']);
  static override args = {
    shell: Args.string({
      description: 'The shell to complete in.',
      options: [...shells],
      required: true,
      ignoreStdin: true,
    }),
  };

  override async run(): Promise<number> {
    const { args, flags } = await this.parse(Completion);
    const { bin, version, commands, topics } = this.config;
    const folder = settingsFolder({ env: process.env, platform: process.platform, home: homeFolder() });
    const { addedProviders } = await import('../plugins/added-plugins.ts');
    const bundled = runtimeProviders(this.config.getPluginsList(), this.config);
    const providers = [...bundled, ...(await addedProviders(folder))];
    const line = describeCommandLine({
      bin,
      version,
      verbs: commands,
      topics: Object.fromEntries(topics.map(({ name, description = '' }) => [name, description])),
      runtimes: providers.map(({ runtime }) => runtime),
      profiles: builtInProfiles,
    });
    const shell = args.shell as Shell;
    const script = completionScript(shell, line);
    process.stdout.write(
      flags.json ? jsonLine({ schema: 1, verb: 'completion', status: 'created', shell, script }) : script,
    );
    return 0;
  }
}
