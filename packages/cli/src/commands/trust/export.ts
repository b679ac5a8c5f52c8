import * as Args from '@oclif/core/args';
import { BaseCommand } from '../../base-command.ts';
import { commonFlags } from '../../options/common-flags.ts';
import { hiddenFlags } from '../../options/hidden-flags.ts';
import { trustExportLines } from '../../render/trust-lines.ts';
import { openPublicRoot } from '../../session/open-public-root.ts';

export default class TrustExport extends BaseCommand {
  static override summary = 'Write Sigstore’s public trusted root, as it is in force here, to a new file.';
  static override description =
    'For --trusted-root on a machine without network, for a profile’s "trustedRoot", and for cosign. No network is used.';
  static override examples = ['<%= config.bin %> <%= command.id %> trusted_root.json'];
  static override baseFlags = hiddenFlags(commonFlags, ['trusted-root', 'json', 'quiet', 'debug']);
  static override args = {
    file: Args.string({
      description: 'Where to; nothing that is there is replaced.',
      required: true,
      ignoreStdin: true,
    }),
  };

  override async run(): Promise<number> {
    const { args, flags } = await this.parse(TrustExport);
    const publicRoot = await openPublicRoot(await this.begin(flags));
    const { exportTrust } = await import('@dangerzone-image/core');
    this.show(await exportTrust(publicRoot, args.file), trustExportLines);
    return 0;
  }
}
