import { type ErrorCode, exitCodes } from './error-code.ts';

export interface ErrorFacts {
  /** What the reader can do next, one sentence each. */
  readonly suggestions?: readonly string[];
  /** Machine-readable facts for `--json`; never a secret, never raw bytes from outside. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/**
 * The one error that this project throws on purpose. Its message says what was expected, what came and where.
 * Recognise it by `code`, never by class: a plugin may bring its own copy of core.
 */
export class CodedError extends Error {
  override readonly name = 'CodedError';
  readonly code: ErrorCode;
  readonly suggestions: readonly string[];
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause });
    this.code = code;
    this.suggestions = facts.suggestions ?? [];
    this.details = facts.details ?? {};
  }
}

/** The code of any error of ours, whichever copy of core made it. */
export function codeOf(error: unknown): ErrorCode | undefined {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return undefined;
  return Object.hasOwn(exitCodes, error.code) ? (error.code as ErrorCode) : undefined;
}
