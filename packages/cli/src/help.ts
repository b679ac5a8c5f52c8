import { Help } from '@oclif/core/help';
import { runtimeProviders } from './runtime/runtime-providers.ts';

const EXIT_CODES = `
EXIT CODES
  0         done, or already up to date
  1         a bug in this tool
  2         usage or configuration
  3         not trusted: no valid signature, or other bytes than were signed
  4         rollback refused: older than what was accepted before
  5         registry or network
  6         container runtime, disk full, or no image installed
  7         malformed input
  8         local state broken or busy
  9         consent was needed and not given
  10        news, only where an option asked for it
  130, 143  stopped by Ctrl-C, by SIGTERM
`;

/** oclif's help, with the exit codes that scripts rely on. */
export class VerbHelp extends Help {
  override async showRootHelp(): Promise<void> {
    await super.showRootHelp();
    this.log(EXIT_CODES.trim());
  }

  override async showCommandHelp(...[command]: Parameters<Help['showCommandHelp']>): Promise<void> {
    await super.showCommandHelp(command);
    const { runtime } = command.flags;
    if (runtime && !runtime.hidden) this.log(this.#runtimes());
    this.log(`Exit codes: ${this.config.bin} --help`);
  }

  /** Help reads no file of the user, so what was added is only pointed to. */
  #runtimes(): string {
    const names = runtimeProviders(this.config.getPluginsList(), this.config).map(({ runtime }) => runtime);
    return `Runtimes: ${[...new Set(names)].sort().join(', ')}, and what was added: ${this.config.bin} runtimes`;
  }
}
