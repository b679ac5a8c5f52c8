import { createInterface } from 'node:readline';
import { CodedError, escapeControls } from '@dangerzone-image/core/errors';

/** A person at a terminal; a test gives its own. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly output: { readonly isTTY?: boolean; write(text: string): unknown };
  readonly signal?: AbortSignal;
}

export interface Question {
  /** What is going to happen, a line each; what a person needs to know to answer. */
  readonly facts: readonly string[];
  /** A question to which "yes" means: go on. */
  readonly question: string;
}

/** Nothing is asked where nobody can read the question or answer it. */
export function canAsk({ input, output }: Terminal): boolean {
  return input.isTTY === true && output.isTTY === true;
}

/**
 * Asks, in plain lines on stderr, and waits for a line. Yes is "y" or "yes"; everything else, an end of input and Ctrl-C
 * are no: nothing may happen by accident.
 */
export async function askConsent({ facts, question }: Question, { input, output, signal }: Terminal): Promise<boolean> {
  for (const fact of facts) output.write(`${escapeControls(fact)}\n`);
  output.write(`${escapeControls(question)} Type yes or no, then Enter: `);
  // Not as a terminal: Ctrl-C stays the system's signal, and the line is echoed and edited by the terminal itself.
  const lines = createInterface({ input, terminal: false, ...(signal && { signal }) });
  for await (const line of lines) {
    lines.close();
    return !signal?.aborted && /^\s*y(es)?\s*$/i.test(line);
  }
  output.write('\n');
  return false;
}

export interface ConsentOptions {
  /** `--yes`: the answer was given with the command. */
  readonly isGiven: boolean;
  /** The verb as it is typed, for the way out. */
  readonly verb: string;
}

/** Returns when the user wants it; else an error that says how to say so. */
export async function requireConsent(
  question: Question,
  { isGiven, verb }: ConsentOptions,
  terminal: Terminal,
): Promise<void> {
  if (isGiven) return;
  if (!canAsk(terminal)) {
    throw new CodedError('CONSENT_DECLINED', `${verb} needs consent, and there is no terminal to ask on`, {
      suggestions: [
        `See what it would do: dangerzone-image ${verb} --dry-run`,
        `To go on without a question: dangerzone-image ${verb} --yes`,
      ],
    });
  }
  if (await askConsent(question, terminal)) return;
  throw new CodedError('CONSENT_DECLINED', `${verb} was declined: nothing was changed`);
}
