import type { AttestOptions, AttestProvenanceResult } from '@dangerzone-image/core';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.ts';
import { imageArgs, readImage } from '../options/image-argument.ts';
import { attestProvenanceLines } from '../render/attest-provenance-lines.ts';
import { openInstall, openOnline, openVerb } from '../session/open-context.ts';
import { openTrustedRoot, withoutTrustedRoot, withRootOf } from '../session/open-trusted-root.ts';
import type { Surroundings } from '../session/surroundings.ts';

export default class AttestProvenance extends BaseCommand {
  static override summary =
    'Say which repository, workflow and commit an image was built from, if it is what you expect.';
  static override description =
    'GitHub’s runners sign for what they build (SLSA provenance). Each value is compared whole; of an archive everything is read from the file, without a network.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> registry.example.org/team/sandbox:1.2 --repository team/sandbox --tag v1.2',
    '<%= config.bin %> <%= command.id %> --archive sandbox.tar --repository team/sandbox --branch main',
  ];
  static override args = imageArgs;
  static override flags = {
    repository: Flags.string({
      summary: "Built from this repository on GitHub; default is the profile's.",
      helpValue: 'OWNER/REPOSITORY',
    }),
    workflow: Flags.string({ summary: 'By this workflow file: .github/workflows/….', helpValue: 'PATH' }),
    branch: Flags.string({ summary: 'From this branch.', helpValue: 'BRANCH', exclusive: ['tag'] }),
    tag: Flags.string({ summary: 'From this tag.', helpValue: 'TAG' }),
    commit: Flags.string({ summary: 'From this commit, all its digits.', helpValue: 'COMMIT' }),
    builder: Flags.string({
      summary:
        'By this builder, or ^a pattern of one$; default is slsa-github-generator, or a workflow of the repository.',
      helpValue: 'URI|PATTERN',
    }),
    archive: Flags.string({
      summary: 'Of the image in this file, without a network; - reads standard input.',
      helpValue: 'FILE',
    }),
    local: Flags.boolean({ summary: 'Of the image that is installed.', exclusive: ['archive'] }),
  };

  override async run(): Promise<number> {
    const { args, flags } = await this.parse(AttestProvenance);
    const image = await readImage(args.image, undefined);
    const surroundings = await this.begin(flags);
    const { repository, workflow, branch, tag, commit, builder, archive, local } = flags;
    const asked = { image, expected: { repository, workflow, branch, tag, commit, builder } };
    const attest = local ? attestLocal : archive === undefined ? attestOnline : attestArchive(archive);
    this.show(await attest(surroundings, asked), attestProvenanceLines);
    return 0;
  }
}

interface Asked extends Pick<AttestOptions, 'expected'> {
  readonly image: AttestOptions['reference'] | undefined;
}

async function attestOnline(surroundings: Surroundings, { image, expected }: Asked): Promise<AttestProvenanceResult> {
  const { attestProvenance, hostPlatform, parseReference } = await import('@dangerzone-image/core');
  const context = await openOnline(withoutTrustedRoot(surroundings), image);
  const { profile } = context;
  const named = image ?? parseReference(profile.image);
  const tag = named.name === profile.image ? profile.tag : 'latest';
  const reference = named.tag === undefined && named.digest === undefined ? { ...named, tag } : named;
  const trustedRoot = await openTrustedRoot(surroundings, profile);
  return attestProvenance({ ...context, trustedRoot }, { reference, platform: hostPlatform(), expected });
}

async function attestLocal(surroundings: Surroundings, { image, expected }: Asked): Promise<AttestProvenanceResult> {
  const { attestInstalled } = await import('@dangerzone-image/core');
  const context = await openInstall(withoutTrustedRoot(surroundings));
  const trustedRoot = await openTrustedRoot(surroundings, context.profile);
  return attestInstalled({ ...context, trustedRoot }, { ...(image && { image }), expected });
}

function attestArchive(file: string): typeof attestOnline {
  return async (surroundings, { image, expected }) => {
    const [{ openArchive }, { attestProvenance, hostPlatform, parseReference, platformHeld }] = await Promise.all([
      import('@dangerzone-image/archive'),
      import('@dangerzone-image/core'),
    ]);
    const given = await openVerb(withoutTrustedRoot(surroundings));
    const source = await openArchive(file, { signal: surroundings.signal });
    try {
      const context = await withRootOf(source, given, surroundings);
      const trustedRoot = await openTrustedRoot(surroundings, context.profile);
      const reference = image ?? parseReference(context.profile.image);
      const platform = platformHeld(source, hostPlatform());
      return await attestProvenance({ ...context, source, trustedRoot }, { reference, platform, expected });
    } finally {
      await source.close();
    }
  };
}
