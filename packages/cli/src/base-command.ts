import { escapeControls } from '@dangerzone-image/core/errors';
import { Command } from '@oclif/core/command';
import type { ArgInput, FlagInput, Input, OutputArgs, OutputFlags, ParserOutput } from '@oclif/core/interfaces';
import { type CommonFlags, commonFlags } from './options/common-flags.ts';
import { verbOf } from './options/find-verb.ts';
import { requireWellFormed } from './options/require-well-formed.ts';
import { usageError } from './options/usage-error.ts';
import { readVerbOptions, type VerbOptions } from './options/verb-options.ts';
import { endWithError } from './process/end-process.ts';
import { type Interruption, listenForInterruption } from './process/interruption.ts';
import { readInvocation } from './process/invocation.ts';
import { note } from './render/image-lines.ts';
import { createProgress } from './render/progress.ts';
import type { Progress } from './render/progress-output.ts';
import { showResult } from './render/show-result.ts';
import { runtimeProviders } from './runtime/runtime-providers.ts';
import { homeFolder } from './session/home-folder.ts';
import type { Surroundings } from './session/surroundings.ts';
import { settingsFolder } from './settings/locate-settings.ts';
import { readSettings } from './settings/read-settings.ts';

/** A verb: it parses its words, calls one function of core, shows the result and returns the exit code. */
export abstract class BaseCommand extends Command {
  static override baseFlags = commonFlags;

  #options: VerbOptions | undefined;
  #progress: Progress | undefined;
  #interruption: Interruption | undefined;

  abstract override run(): Promise<number>;

  /** Refuses what oclif refuses, in our shape, and what it lets pass. */
  protected override async parse<
    F extends OutputFlags<FlagInput>,
    B extends OutputFlags<FlagInput>,
    A extends OutputArgs<ArgInput>,
  >(options?: Input<F, B, A>): Promise<ParserOutput<F, B, A>> {
    try {
      const parsed = await super.parse(options);
      const { flags = {}, baseFlags = {} } = this.ctor;
      requireWellFormed({ raw: parsed.raw, argv: this.argv, flags: { ...baseFlags, ...flags } });
      return parsed;
    } catch (error) {
      const { bin, commands } = this.config;
      const optionsByVerb = Object.fromEntries(commands.map(({ id, flags }) => [verbOf(id), Object.keys(flags)]));
      throw usageError(error, { bin, verb: verbOf(this.ctor.id), optionsByVerb });
    }
  }

  /** From here on Ctrl-C reaches the verb as an abort signal, and what goes on is shown on stderr. */
  protected async begin(flags: CommonFlags): Promise<Surroundings> {
    const user = { env: process.env, platform: process.platform, home: homeFolder() };
    const settings = await readSettings(user);
    const options = readVerbOptions(flags, settings);
    const progress = createProgress({
      style: options.progress,
      isQuiet: options.isQuiet,
      isDebug: options.isDebug,
      stderr: process.stderr,
      now: Date.now,
    });
    const interruption = listenForInterruption(process, {
      onInterrupt: () => progress.report({ type: 'notice', message: 'stopping …, again to stop at once' }),
      onDeadline: (reason) => this.#endNow(reason),
    });
    this.#options = options;
    this.#progress = progress;
    this.#interruption = interruption;
    return {
      options,
      providers: runtimeProviders(this.config.getPluginsList(), this.config),
      settingsFolder: settingsFolder(user),
      env: process.env,
      signal: interruption.signal,
      report: (event) => progress.report(event),
      announce: (message) => {
        if (options.isQuiet) process.stderr.write(`${escapeControls(note(message))}\n`);
        else progress.report({ type: 'notice', message });
      },
    };
  }

  protected show<Result extends { readonly verb: string; readonly status: string }>(
    result: Result,
    lines: (result: Result) => readonly string[],
  ): void {
    this.#progress?.end();
    process.stdout.write(
      showResult(result, { isJson: this.#options?.isJson ?? false, isQuiet: this.#options?.isQuiet ?? false, lines }),
    );
  }

  /** Before a question: the cursor is at the beginning of an empty line. */
  protected pauseProgress(): void {
    this.#progress?.end();
  }

  /** `--print`: a text that was asked for by name, so --quiet does not silence it. */
  protected print(text: string): void {
    this.#progress?.end();
    process.stdout.write(`${escapeControls(text)}\n`);
  }

  /** oclif would print the error here; main does, once. A verb that was told to stop failed because of that. */
  protected override async catch(error: Error): Promise<never> {
    throw this.#interruption?.signal.aborted ? this.#interruption.signal.reason : error;
  }

  protected override async finally(): Promise<void> {
    this.#progress?.end();
    this.#interruption?.stop();
  }

  #endNow(reason: Error): void {
    void endWithError(
      reason,
      { ...readInvocation(this.argv, this.config.version), verb: verbOf(this.ctor.id) },
      process,
    );
  }
}
