import { BaseCommand } from '../../base-command.ts';
import { stateShowLines } from '../../render/state-lines.ts';
import { openVerb } from '../../session/open-context.ts';

export default class StateShow extends BaseCommand {
  static override summary = 'Say what is remembered and stored, and whether it is sound.';
  static override description =
    'Every stored signature and document is verified as it is read. Nothing is changed, and no engine or registry is asked.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --profile ./profile.json --json',
  ];

  override async run(): Promise<number> {
    const { flags } = await this.parse(StateShow);
    const surroundings = await this.begin(flags);
    const { showState } = await import('@dangerzone-image/core');
    this.show(await showState(await openVerb(surroundings)), stateShowLines);
    return 0;
  }
}
