import { exitCodes } from '@dangerzone-image/core/errors';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.ts';
import { historyLines } from '../render/history-lines.ts';
import { openVerb } from '../session/open-context.ts';

export default class History extends BaseCommand {
  static override summary = 'Say what was checked, installed and refused here, when and why.';
  static override description =
    'Each record holds the hash of the one before, and ledger.json the last one. So damage and edits of parts are found; not a rewrite of everything by somebody who can write as you.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --verify',
    '<%= config.bin %> <%= command.id %> --json',
  ];
  static override flags = {
    verify: Flags.boolean({
      summary: `Exit with ${exitCodes.STATE_INVALID} when the record is damaged; print no record.`,
    }),
  };

  override async run(): Promise<number> {
    const { flags } = await this.parse(History);
    const surroundings = await this.begin(flags);
    const { history } = await import('@dangerzone-image/core');
    const result = await history(await openVerb(surroundings));
    this.show(result, (shown) => historyLines(shown, { isVerdictOnly: flags.verify }));
    return flags.verify && result.status === 'damaged' ? exitCodes.STATE_INVALID : 0;
  }
}
