import { CodedError } from '@dangerzone-image/core/errors';
import { BaseCommand } from '../../base-command.ts';
import { commonFlags } from '../../options/common-flags.ts';
import { hiddenFlags } from '../../options/hidden-flags.ts';
import { trustUpdateLines } from '../../render/trust-lines.ts';
import { fetchPublicRoot } from '../../session/open-public-root.ts';

export default class TrustUpdate extends BaseCommand {
  static override summary = 'Fetch Sigstore’s public trusted root, and keep it.';
  static override description =
    'It is fetched by The Update Framework: verified from keys that came with this version, never older than what was fetched before, and never without being asked. Profiles that pin their own log take no notice of it.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --mirror https://mirror.example.net/sigstore-tuf',
  ];
  static override baseFlags = hiddenFlags(commonFlags, [
    'mirror',
    'ca-file',
    'timeout',
    'lock-timeout',
    'json',
    'progress',
    'quiet',
    'debug',
  ]);

  override async run(): Promise<number> {
    const { flags } = await this.parse(TrustUpdate);
    const [mirror, ...others] = flags.mirror ?? [];
    if (others.length > 0) {
      throw new CodedError('USAGE', `expected one --mirror, got ${others.length + 1}`, {
        suggestions: ['Name one copy of Sigstore’s TUF repository.'],
      });
    }
    this.show(await fetchPublicRoot(await this.begin(flags), mirror), trustUpdateLines);
    return 0;
  }
}
