import { BaseCommand } from '../base-command.ts';
import { imageArgs, imageFlags, readImage } from '../options/image-argument.ts';
import { storeSignaturesLines } from '../render/result-lines.ts';
import { openOnline } from '../session/open-context.ts';

export default class StoreSignatures extends BaseCommand {
  static override summary = "Fetch an image's signatures, verify and store them; no engine is needed.";
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> registry.example.org/team/sandbox@sha256:… --profile ./profile.json',
  ];
  static override args = imageArgs;
  static override flags = imageFlags;

  override async run(): Promise<number> {
    const { args, flags } = await this.parse(StoreSignatures);
    const reference = await readImage(args.image, flags.image);
    const surroundings = await this.begin(flags);
    const { storeSignatures } = await import('@dangerzone-image/core');
    this.show(
      await storeSignatures(await openOnline(surroundings), { ...(reference && { reference }) }),
      storeSignaturesLines,
    );
    return 0;
  }
}
