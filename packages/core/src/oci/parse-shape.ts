import * as v from 'valibot';
import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import type { JsonPlace } from './parse-json.ts';

/** A value from outside held against a schema; the refusal names the place, what was expected and what came. */
export function parseShape<const S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  { where, code }: JsonPlace,
): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  const path = v.getDotPath(issue);
  throw new CodedError(code, `${where}: ${path ? `${printable(path)}: ` : ''}${describe(issue)}`, {
    details: path ? { place: path } : {},
  });
}

function describe(issue: v.BaseIssue<unknown>): string {
  if (issue.type === 'strict_object' && issue.expected === 'never') return 'this field is not known here';
  if (issue.kind === 'validation' || issue.expected === null) return issue.message;
  return `expected ${issue.expected}, got ${printable(issue.input)}`;
}
