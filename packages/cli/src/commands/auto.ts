import type { UpdateFacts } from '@dangerzone-image/core';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../base-command.ts';
import { askUpdate } from '../process/ask-update.ts';
import { autoLines } from '../render/auto-lines.ts';
import { openInstall } from '../session/open-context.ts';

export default class Auto extends BaseCommand {
  static override summary =
    'Do what was decided: look for updates or not, ask or not, and keep the best image installed.';
  static override description =
    'For an application at its start, or a timer. Without a decision (see updates) nothing is looked for; an archive that came with the application is installed all the same where it is newer.';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --yes',
    '<%= config.bin %> <%= command.id %> --json',
  ];
  static override flags = {
    yes: Flags.boolean({ char: 'y', summary: 'Ask no question: the answer is yes.' }),
    force: Flags.boolean({
      summary: 'Where nothing is installed and updates are off: install the bundled image although it is an older one.',
    }),
    via: Flags.option({
      options: ['pull', 'load'] as const,
      summary: 'Whether the engine fetches by itself (pull), or is handed what we fetched (load, the default).',
    })(),
  };

  override async run(): Promise<number> {
    const { flags } = await this.parse(Auto);
    const surroundings = await this.begin(flags);
    const { auto } = await import('@dangerzone-image/core');
    const context = await openInstall(surroundings, flags.via);
    const openArchive = async (...words: Parameters<typeof import('@dangerzone-image/archive').openArchive>) =>
      (await import('@dangerzone-image/archive')).openArchive(...words);
    const terminal = { input: process.stdin, output: process.stderr, signal: surroundings.signal };
    const consent = (facts: UpdateFacts) => {
      this.pauseProgress();
      return askUpdate(facts, { isGiven: flags.yes }, terminal);
    };
    const result = await auto({ ...context, openArchive }, { force: flags.force, consent });
    this.show(result, autoLines);
    return 0;
  }
}
