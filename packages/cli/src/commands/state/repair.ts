import { BaseCommand } from '../../base-command.ts';
import { consentFlags } from '../../options/consent-flags.ts';
import { requireConsent } from '../../process/ask-consent.ts';
import { repairPlanLines, repairQuestion, stateRepairLines } from '../../render/state-lines.ts';
import { openRuntime, openVerb } from '../../session/open-context.ts';

export default class StateRepair extends BaseCommand {
  static override summary = 'Mend a damaged state folder, or a floor that is too high, from what still verifies.';
  static override description =
    'Shows first what it will do, and asks. Damaged files are kept aside; what was done is recorded in ledger.json.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --dry-run',
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --yes --json',
  ];
  static override flags = consentFlags;

  override async run(): Promise<number> {
    const { flags } = await this.parse(StateRepair);
    const surroundings = await this.begin(flags);
    const { repairState } = await import('@dangerzone-image/core');
    const context = {
      ...(await openVerb(surroundings)),
      openRuntime: () => openRuntime(surroundings),
      allowRemoteEngine: surroundings.options.allowRemoteEngine,
    };
    const { signal } = surroundings;
    const terminal = { input: process.stdin, output: process.stderr, signal };
    const options = { isGiven: flags.yes, verb: 'state repair' };
    const result = await repairState(context, {
      dryRun: flags['dry-run'],
      consent: (planned) =>
        requireConsent({ facts: repairPlanLines(planned), question: repairQuestion }, options, terminal),
    });
    this.show(result, stateRepairLines);
    return 0;
  }
}
