import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.ts';
import { imageArgs, imageFlags, readImage } from '../options/image-argument.ts';
import { printFlag } from '../options/print-flag.ts';
import { referenceOf } from '../render/image-lines.ts';
import { verifyLocalLines } from '../render/result-lines.ts';
import { openLocal } from '../session/open-context.ts';

export default class VerifyLocal extends BaseCommand {
  static override summary = 'Verify the installed image against the stored signatures, without a network.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --deep',
    'image="$(<%= config.bin %> <%= command.id %> --print ref)" && podman run "$image"',
  ];
  static override args = imageArgs;
  static override flags = {
    deep: Flags.boolean({
      summary: 'Read the engine’s own copy back as well, and hash every layer and the config: takes its time.',
    }),
    ...imageFlags,
    ...printFlag,
  };

  override async run(): Promise<number> {
    const { args, flags } = await this.parse(VerifyLocal);
    const image = await readImage(args.image, flags.image);
    const surroundings = await this.begin(flags);
    const { verifyLocal } = await import('@dangerzone-image/core');
    const result = await verifyLocal(await openLocal(surroundings), { ...(image && { image }), deep: flags.deep });
    if (flags.print) this.print(referenceOf(result.image));
    else this.show(result, verifyLocalLines);
    return 0;
  }
}
