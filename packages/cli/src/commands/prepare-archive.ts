import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.ts';
import { readImage } from '../options/image-argument.ts';
import { prepareArchiveLines } from '../render/prepare-archive-lines.ts';
import { openOnline } from '../session/open-context.ts';
import { fetchedTuf } from '../session/open-public-root.ts';

export default class PrepareArchive extends BaseCommand {
  static override summary = 'Write the image with its signatures to a file, for a machine without network.';
  static override description =
    'Everything is verified before anything is written; no engine is needed. A download that was cut off goes on where it was.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --arch amd64',
    '<%= config.bin %> <%= command.id %> --arch amd64 --arch arm64 --output /media/usb/sandbox-{arch}.tar',
  ];
  static override flags = {
    arch: Flags.string({
      summary: "For this architecture (amd64, arm64, x86_64, aarch64, …), repeatable; default is this machine's.",
      helpValue: 'ARCH',
      multiple: true,
      multipleNonGreedy: true,
    }),
    platform: Flags.string({
      summary: 'The same in full, repeatable.',
      helpValue: 'OS/ARCH[/VARIANT]',
      multiple: true,
      multipleNonGreedy: true,
    }),
    output: Flags.string({
      summary: 'Where to; {arch} stands for the architecture (default <profile>-{arch}.tar).',
      helpValue: 'FILE',
    }),
    image: Flags.string({
      summary: "Another tag or digest of the image; default is the profile's tag.",
      helpValue: 'IMAGE',
    }),
  };

  override async run(): Promise<number> {
    const { flags } = await this.parse(PrepareArchive);
    const reference = await readImage(undefined, flags.image);
    const { platformOfArch, prepareArchive, readPlatform } = await import('@dangerzone-image/archive');
    const platforms = [...(flags.arch ?? []).map(platformOfArch), ...(flags.platform ?? []).map(readPlatform)];
    const surroundings = await this.begin(flags);
    const { output } = flags;
    const context = await openOnline(surroundings);
    const tuf = await fetchedTuf(surroundings, context.profile);
    const toolVersion = this.config.version;
    const options = { platforms, reference, toolVersion, tuf, ...(output !== undefined && { output }) };
    this.show(await prepareArchive(context, options), prepareArchiveLines);
    return 0;
  }
}
