import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.ts';
import { doctorLines } from '../doctor/doctor-lines.ts';
import { homeFolder } from '../session/home-folder.ts';

/** The exit code of a runtime that does not work: what a doctor is most often asked about. */
const PROBLEMS = 6;

export default class Doctor extends BaseCommand {
  static override summary = 'Look at everything that an upgrade needs, and say what is wrong and what to do.';
  static override description =
    'Changes nothing. Asks every runtime for its description and the registry for one tag. What it prints may be pasted into a bug report.';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --json'];
  static override flags = {
    'exit-code': Flags.boolean({ summary: `Exit with ${PROBLEMS} when there are problems.` }),
  };

  override async run(): Promise<number> {
    const { flags } = await this.parse(Doctor);
    const surroundings = await this.begin(flags);
    const [{ diagnose }, { withoutHome }] = await Promise.all([
      import('../doctor/diagnose.ts'),
      import('../doctor/without-home.ts'),
    ]);
    const result = withoutHome(await diagnose(surroundings), homeFolder());
    this.show(result, doctorLines);
    return flags['exit-code'] && result.status === 'problems' ? PROBLEMS : 0;
  }
}
