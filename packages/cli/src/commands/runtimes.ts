import { BaseCommand } from '../base-command.ts';
import { type RuntimesResult, runtimesLines } from '../render/runtime-lines.ts';
import { allProviders } from '../session/open-context.ts';

export default class Runtimes extends BaseCommand {
  static override summary = 'List the runtimes of this installation, whether each answers, and why not.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --runtime oci-layout --runtime-option path=./images',
  ];

  override async run(): Promise<number> {
    const { flags } = await this.parse(Runtimes);
    const surroundings = await this.begin(flags);
    const { probeRuntimes } = await import('../runtime/probe-runtimes.ts');
    const runtimes = await probeRuntimes(await allProviders(surroundings), surroundings.options);
    const result: RuntimesResult = { verb: 'runtimes', status: 'listed', runtimes };
    this.show(result, runtimesLines);
    return 0;
  }
}
