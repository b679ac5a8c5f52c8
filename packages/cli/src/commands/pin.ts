import { BaseCommand } from '../base-command.ts';
import { pinLines } from '../render/preference-lines.ts';
import { openVerb } from '../session/open-context.ts';

export default class Pin extends BaseCommand {
  static override summary = 'Keep the image as it is: auto does nothing until unpin.';
  static override description = 'upgrade and load-archive, which you run yourself, go on to do what they say.';
  static override examples = ['<%= config.bin %> <%= command.id %>'];

  override async run(): Promise<number> {
    const { flags } = await this.parse(Pin);
    const surroundings = await this.begin(flags);
    const { pin } = await import('@dangerzone-image/core');
    this.show(await pin(await openVerb(surroundings)), pinLines);
    return 0;
  }
}
