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
  const expected =
    issue.kind === 'validation' || issue.expected === null
      ? issue.message
      : `expected ${issue.expected}, got ${printable(issue.input)}`;
  throw new CodedError(code, `${where}: ${path ? `${printable(path)}: ` : ''}${expected}`, {
    details: path ? { place: path } : {},
  });
}
