import { BaseCommand } from '../../base-command.ts';
import { consentFlags } from '../../options/consent-flags.ts';
import { requireConsent } from '../../process/ask-consent.ts';
import { resetPlanLines, resetQuestion, stateResetLines } from '../../render/state-lines.ts';
import { openVerb } from '../../session/open-context.ts';

export default class StateReset extends BaseCommand {
  static override summary = 'Forget everything about the image, as if it had never been installed.';
  static override description =
    'Shows first what it will do, and asks. Nothing is deleted: it is moved into a folder with the date beside it. The image itself is not touched.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --dry-run',
    '<%= config.bin %> <%= command.id %> --profile ./profile.json --yes',
  ];
  static override flags = consentFlags;

  override async run(): Promise<number> {
    const { flags } = await this.parse(StateReset);
    const surroundings = await this.begin(flags);
    const { resetState } = await import('@dangerzone-image/core');
    const { signal } = surroundings;
    const terminal = { input: process.stdin, output: process.stderr, signal };
    const options = { isGiven: flags.yes, verb: 'state reset' };
    const result = await resetState(await openVerb(surroundings), {
      dryRun: flags['dry-run'],
      consent: (planned) =>
        requireConsent({ facts: resetPlanLines(planned), question: resetQuestion }, options, terminal),
    });
    this.show(result, stateResetLines);
    return 0;
  }
}
