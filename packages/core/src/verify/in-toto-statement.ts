import * as v from 'valibot';
import { codeOf } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import { parseJson } from '../oci/parse-json.ts';
import { parseShape } from '../oci/parse-shape.ts';
import { SignatureRefusal } from './signature-verdict.ts';

export const IN_TOTO_PAYLOAD = 'application/vnd.in-toto+json';
export const STATEMENT_TYPES = ['https://in-toto.io/Statement/v0.1', 'https://in-toto.io/Statement/v1'] as const;

const MAX_SUBJECTS = 1024;
const text = v.pipe(v.string(), v.maxLength(4096));

const statementSchema = v.object({
  _type: v.picklist(STATEMENT_TYPES),
  subject: v.pipe(
    v.array(v.object({ digest: v.record(text, text) })),
    v.maxLength(MAX_SUBJECTS, `expected at most ${MAX_SUBJECTS} subjects`),
  ),
  predicateType: text,
  predicate: v.optional(v.unknown()),
});

/** An in-toto statement (in-toto/attestation, spec/v1/statement.md; v0.1 has the same members): what is said of which digests. */
export type Statement = v.InferOutput<typeof statementSchema>;

export function parseStatement(payload: Uint8Array): Statement {
  const place = { where: 'statement', code: 'SIGNATURE_MALFORMED' } as const;
  try {
    return parseShape(statementSchema, parseJson(payload, place), place);
  } catch (cause) {
    if (codeOf(cause) === undefined) throw cause;
    throw new SignatureRefusal('statement-malformed', (cause as Error).message, cause);
  }
}

/** A subject counts by its SHA-256 alone: names are whatever the publisher calls things. */
export function requireSubject({ subject }: Statement, digest: Digest): void {
  const hex = hexOf(digest);
  if (subject.some((one) => one.digest.sha256 === hex)) return;
  const named = subject.flatMap(({ digest: { sha256 } }) => (sha256 === undefined ? [] : [sha256]));
  throw new SignatureRefusal('statement-other-digest', printable(named.slice(0, 3).join(', ')) || 'none');
}
