import { renderError } from '../render/render-error.ts';
import type { Invocation } from './invocation.ts';

/** What ending needs of `process`; a test gives its own. */
export interface EndableProcess {
  exitCode?: number | string | null | undefined;
  readonly stdout: Writer;
  readonly stderr: Writer;
  exit(code: number): void;
}

interface Writer {
  write(text: string, done: () => void): unknown;
}

/** Reports an error in the form that was asked for and ends with its exit code, never 0. */
export async function endWithError(error: unknown, invocation: Invocation, process: EndableProcess): Promise<void> {
  const { stdout, stderr, exitCode } = renderError(error, invocation);
  process.exitCode = exitCode;
  await Promise.all([written(process.stderr, stderr), written(process.stdout, stdout)]);
  process.exit(exitCode);
}

/** Ends with the code of a finished verb, once everything that was printed went out. */
export async function endWithCode(code: number, process: EndableProcess): Promise<void> {
  process.exitCode = code;
  await Promise.all([written(process.stderr, ''), written(process.stdout, '')]);
  process.exit(code);
}

/** Resolves also when the reader has gone: then there is nobody to wait for. */
function written(stream: Writer, text: string): Promise<void> {
  return new Promise((resolve) => {
    stream.write(text, () => resolve());
  });
}
