import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.ts';
import { FORCED, forceFlag } from '../options/force-flag.ts';
import { upgradeLines } from '../render/result-lines.ts';
import { openInstall } from '../session/open-context.ts';

export default class Upgrade extends BaseCommand {
  static override summary = 'Install the image that the registry offers, if it is signed and newer.';
  static override description =
    'Everything is verified before anything is fetched; the old image keeps working until the new one is proven.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --profile ./profile.json --mirror https://mirror.example.net',
    '<%= config.bin %> <%= command.id %> --runtime oci-layout --runtime-option path=./images --json',
  ];
  static override flags = {
    force: forceFlag,
    'dry-run': Flags.boolean({ summary: 'Verify everything, say what would be done, and change nothing.' }),
    via: Flags.option({
      options: ['pull', 'load'] as const,
      summary: 'Whether the engine fetches by itself (pull), or is handed what we fetched (load, the default).',
    })(),
  };

  override async run(): Promise<number> {
    const { flags } = await this.parse(Upgrade);
    const surroundings = await this.begin(flags);
    if (flags.force) surroundings.report({ type: 'notice', message: FORCED });
    const { planUpgrade, upgrade } = await import('@dangerzone-image/core');
    const run = flags['dry-run'] ? planUpgrade : upgrade;
    this.show(await run(await openInstall(surroundings, flags.via), { force: flags.force }), upgradeLines);
    return 0;
  }
}
