import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.ts';
import { checkLines } from '../render/result-lines.ts';
import { openInstall } from '../session/open-context.ts';

/** The one exit code that is no failure: there is news, and the caller asked to be told so. */
const NEWS = 10;

export default class Check extends BaseCommand {
  static override summary = 'Say whether a newer signed image is offered, and change nothing.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --exit-code --quiet || <%= config.bin %> upgrade',
  ];
  static override flags = {
    'exit-code': Flags.boolean({ summary: `Exit with ${NEWS} when there is something to install.` }),
    'fail-if-stale': Flags.boolean({
      summary: `Exit with ${NEWS} when the offered image is older than the profile's limit.`,
    }),
  };

  override async run(): Promise<number> {
    const { flags } = await this.parse(Check);
    const surroundings = await this.begin(flags);
    const { check } = await import('@dangerzone-image/core');
    const result = await check(await openInstall(surroundings));
    this.show(result, checkLines);
    const isNews = flags['exit-code'] && result.status !== 'up-to-date';
    const isStale = flags['fail-if-stale'] && result.freshness.isStale;
    return isNews || isStale ? NEWS : 0;
  }
}
