import { BaseCommand } from '../../base-command.ts';
import { commonFlags } from '../../options/common-flags.ts';
import { hiddenFlags } from '../../options/hidden-flags.ts';
import { trustShowLines } from '../../render/trust-lines.ts';
import { openTrust } from '../../session/open-context.ts';

export default class TrustShow extends BaseCommand {
  static override summary = 'Say which logs and authorities Sigstore’s public trusted root names, and how old it is.';
  static override description =
    'The one in force: the newer of what came with this version and what `trust update` fetched, or --trusted-root. No network is used.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --trusted-root ./trusted_root.json',
    '<%= config.bin %> <%= command.id %> --json',
  ];
  static override baseFlags = hiddenFlags(commonFlags, ['profile', 'trusted-root', 'json', 'quiet', 'debug']);

  override async run(): Promise<number> {
    const { flags } = await this.parse(TrustShow);
    const context = await openTrust(await this.begin(flags));
    const { showTrust } = await import('@dangerzone-image/core');
    this.show(showTrust(context), trustShowLines);
    return 0;
  }
}
