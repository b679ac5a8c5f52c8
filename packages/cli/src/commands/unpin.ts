import { BaseCommand } from '../base-command.ts';
import { pinLines } from '../render/preference-lines.ts';
import { openVerb } from '../session/open-context.ts';

export default class Unpin extends BaseCommand {
  static override summary = 'Undo pin: auto does again what was decided about updates.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  override async run(): Promise<number> {
    const { flags } = await this.parse(Unpin);
    const surroundings = await this.begin(flags);
    const { unpin } = await import('@dangerzone-image/core');
    this.show(await unpin(await openVerb(surroundings)), pinLines);
    return 0;
  }
}
