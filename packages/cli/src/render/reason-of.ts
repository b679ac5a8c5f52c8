import { codeOf, type ErrorCode } from '@dangerzone-image/core/errors';
import { defaultSuggestion } from './default-suggestion.ts';

/** Why something did not work, as a part of a result. */
export interface Reason {
  readonly code: ErrorCode;
  readonly message: string;
  readonly suggestions: readonly string[];
}

/** The reason in an error of ours; nothing where it is none. */
export function reasonIn(error: unknown): Reason | undefined {
  const code = codeOf(error);
  if (code === undefined || !(error instanceof Error)) return undefined;
  const { suggestions } = error as { suggestions?: unknown };
  const given = Array.isArray(suggestions) ? suggestions.filter((item) => typeof item === 'string') : [];
  return { code, message: error.message, suggestions: given.length > 0 ? given : [defaultSuggestion[code]] };
}

/** The same for whatever was thrown, by code that is not ours, say. */
export function reasonOf(error: unknown): Reason {
  const message = error instanceof Error ? error.message : String(error);
  return reasonIn(error) ?? { code: 'INTERNAL', message, suggestions: [defaultSuggestion.INTERNAL] };
}
