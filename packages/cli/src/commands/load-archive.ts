import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.ts';
import { FORCED, forceFlag } from '../options/force-flag.ts';
import { loadArchiveLines } from '../render/result-lines.ts';
import { openLocal } from '../session/open-context.ts';
import { rootProver } from '../session/open-public-root.ts';

export default class LoadArchive extends BaseCommand {
  static override summary = 'Install the image of an archive, if it is signed and newer; no network is used.';
  static override description =
    'All of the archive is verified before the runtime is given anything. The name of the image comes from the profile, never from the archive.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> dangerzone-amd64.tar',
    '<%= config.bin %> <%= command.id %> sandbox.tar --profile ./profile.json --dry-run',
    'gpg --decrypt sandbox.tar.gpg | <%= config.bin %> <%= command.id %> -',
  ];
  static override args = {
    file: Args.string({ description: 'What prepare-archive wrote; - reads standard input.', required: true }),
  };
  static override flags = {
    force: forceFlag,
    'dry-run': Flags.boolean({ summary: 'Verify everything, say what would be done, and change nothing.' }),
  };

  override async run(): Promise<number> {
    const { args, flags } = await this.parse(LoadArchive);
    const surroundings = await this.begin(flags);
    if (flags.force) surroundings.report({ type: 'notice', message: FORCED });
    const [{ openArchive }, { loadArchive, planLoad }] = await Promise.all([
      import('@dangerzone-image/archive'),
      import('@dangerzone-image/core'),
    ]);
    const context = await openLocal(surroundings);
    const source = await openArchive(args.file, { signal: surroundings.signal });
    const run = flags['dry-run'] ? planLoad : loadArchive;
    try {
      this.show(
        await run({ ...context, source, proveRoot: rootProver(surroundings) }, { force: flags.force }),
        loadArchiveLines,
      );
    } finally {
      await source.close();
    }
    return 0;
  }
}
