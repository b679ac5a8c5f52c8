import * as v from 'valibot';
import { codeOf } from '../errors/coded-error.ts';
import { parseShape } from '../oci/parse-shape.ts';
import { decodeBase64 } from './canonical-base64.ts';
import { SignatureRefusal } from './signature-verdict.ts';

/** Cosign's `RekorBundle`, parsed: what the log promised (SET), and about what. */
export interface RekorBundle {
  readonly signedEntryTimestamp: Buffer;
  /** The canonical entry body, bytes. */
  readonly body: Buffer;
  /** Seconds since 1970. */
  readonly integratedTime: number;
  readonly logIndex: number;
  /** Hex. */
  readonly logId: string;
}

const base64 = v.pipe(
  v.string(),
  v.maxLength(64 * 1024),
  v.check((text) => decodeBase64(text) !== undefined, 'expected canonical base64'),
  v.transform((text) => Buffer.from(text, 'base64')),
);
// parse-json turned every number that is not spelled as a canonical safe integer into NaN.
const count = v.pipe(
  v.number('expected a whole number below 2^53'),
  v.check((value) => Number.isSafeInteger(value) && value >= 0, 'expected a whole number below 2^53'),
);

const bundleSchema = v.strictObject({
  SignedEntryTimestamp: base64,
  Payload: v.strictObject({
    body: base64,
    integratedTime: count,
    logIndex: count,
    logID: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits')),
  }),
});

export function parseRekorBundle(value: unknown): RekorBundle {
  try {
    const place = { where: 'log entry', code: 'SIGNATURE_MALFORMED' } as const;
    const { SignedEntryTimestamp, Payload } = parseShape(bundleSchema, value, place);
    const { body, integratedTime, logIndex, logID } = Payload;
    return { signedEntryTimestamp: SignedEntryTimestamp, body, integratedTime, logIndex, logId: logID };
  } catch (cause) {
    if (codeOf(cause) === undefined) throw cause;
    throw new SignatureRefusal('log-entry-malformed', (cause as Error).message, cause);
  }
}
