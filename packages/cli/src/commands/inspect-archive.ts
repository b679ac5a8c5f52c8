import * as Args from '@oclif/core/args';
import { BaseCommand } from '../base-command.ts';
import { inspectArchiveLines } from '../render/result-lines.ts';
import { openVerb } from '../session/open-context.ts';
import { rootProver } from '../session/open-public-root.ts';

export default class InspectArchive extends BaseCommand {
  static override summary = 'Say what an archive holds, who signed it, and whether it would be installed here.';
  static override description =
    'Nothing is loaded or changed, and no runtime is needed. Exits with 0 when load-archive would take it, else with the code of its refusal.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> dangerzone-amd64.tar',
    '<%= config.bin %> <%= command.id %> sandbox.tar --profile ./profile.json --json',
  ];
  static override args = {
    file: Args.string({ description: 'What prepare-archive wrote; - reads standard input.', required: true }),
  };

  override async run(): Promise<number> {
    const { args, flags } = await this.parse(InspectArchive);
    const surroundings = await this.begin(flags);
    const [{ openArchive }, { exitCodeOf, hostPlatform, inspectArchive }] = await Promise.all([
      import('@dangerzone-image/archive'),
      import('@dangerzone-image/core'),
    ]);
    const open = () => openArchive(args.file, { signal: surroundings.signal });
    const context = { ...(await openVerb(surroundings)), open, platform: hostPlatform() };
    const result = await inspectArchive({ ...context, proveRoot: rootProver(surroundings) });
    this.show(result, inspectArchiveLines);
    return result.reason ? exitCodeOf(result.reason.code) : 0;
  }
}
