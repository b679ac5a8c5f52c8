import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.ts';
import { readWhole } from '../options/read-whole.ts';
import { updatesLines } from '../render/preference-lines.ts';
import { openVerb } from '../session/open-context.ts';

export default class Updates extends BaseCommand {
  static override summary = 'Say, or decide, whether updates are looked for and installed: off, ask or on.';
  static override description =
    'off: no connection is ever made. ask: updates are looked for, and you are asked before a download. on: they are installed. It is auto that does it; with the built-in profile Dangerzone does, too, since the decision is kept in its settings.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> ask',
    '<%= config.bin %> <%= command.id %> on --interval 24',
  ];
  static override args = {
    // Without ignoreStdin oclif takes whatever is piped in as the word.
    updates: Args.string({
      description: 'What you want from now on.',
      options: ['off', 'ask', 'on'],
      ignoreStdin: true,
    }),
  };
  static override flags = {
    interval: Flags.string({ summary: 'Hours between two looks at the registry (default 12).', helpValue: 'HOURS' }),
  };

  override async run(): Promise<number> {
    const { args, flags } = await this.parse(Updates);
    const surroundings = await this.begin(flags);
    const intervalHours = readWhole('--interval', flags.interval, 'hours');
    const { setUpdates, showUpdates } = await import('@dangerzone-image/core');
    const context = await openVerb(surroundings);
    const updates = args.updates as 'off' | 'ask' | 'on' | undefined;
    const wanted = { ...(updates && { updates }), ...(intervalHours !== undefined && { intervalHours }) };
    const result = Object.keys(wanted).length > 0 ? setUpdates(context, wanted) : showUpdates(context);
    this.show(await result, updatesLines);
    return 0;
  }
}
