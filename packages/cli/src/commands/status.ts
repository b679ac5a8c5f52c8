import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.ts';
import { printFlag } from '../options/print-flag.ts';
import { statusLines } from '../render/result-lines.ts';
import { requireRunnable, statusExitCode } from '../render/status-verdict.ts';
import { openLocal } from '../session/open-context.ts';

export default class Status extends BaseCommand {
  static override summary = 'Say what is installed, whether it verifies, and what is remembered.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --json',
    '<%= config.bin %> <%= command.id %> --exit-code --quiet',
  ];
  static override flags = {
    ...printFlag,
    'exit-code': Flags.boolean({ summary: 'Exit with 6 when nothing is installed, with 3 when it does not verify.' }),
  };

  override async run(): Promise<number> {
    const { flags } = await this.parse(Status);
    const surroundings = await this.begin(flags);
    const { status } = await import('@dangerzone-image/core');
    const result = await status(await openLocal(surroundings));
    if (flags.print) this.print(requireRunnable(result));
    else this.show(result, statusLines);
    return flags['exit-code'] ? statusExitCode(result) : 0;
  }
}
