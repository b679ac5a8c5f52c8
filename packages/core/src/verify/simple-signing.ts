import * as v from 'valibot';
import { codeOf } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { digestSchema } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { parseJson } from '../oci/parse-json.ts';
import { parseShape } from '../oci/parse-shape.ts';
import { parseReference } from '../oci/reference.ts';
import { SignatureRefusal } from './signature-verdict.ts';

const SIGNATURE_TYPE = 'cosign container image signature';

// cosign SIGNATURE_SPEC.md, "Payload": these three and nothing else are critical; an unknown critical field must refuse.
const payloadSchema = v.object({
  critical: v.strictObject({
    identity: v.strictObject({ 'docker-reference': v.string() }),
    image: v.strictObject({ 'docker-manifest-digest': digestSchema }),
    type: v.string(),
  }),
  optional: v.optional(v.nullable(v.record(v.string(), v.unknown()))),
});

/** The payload must be about this digest of this image: a key may sign other images, and this image's other digests. */
export function requirePayload(payload: Uint8Array, digest: Digest, image: string): void {
  const { identity, image: signed, type } = parsePayload(payload);
  if (type !== SIGNATURE_TYPE) throw new SignatureRefusal('payload-other-type', printable(type));
  const named = signed['docker-manifest-digest'];
  if (named !== digest) throw new SignatureRefusal('payload-other-digest', named);
  const reference = identity['docker-reference'];
  if (imageNamed(reference) !== image) throw new SignatureRefusal('payload-other-image', printable(reference));
}

function parsePayload(payload: Uint8Array): v.InferOutput<typeof payloadSchema>['critical'] {
  const place = { where: 'payload', code: 'SIGNATURE_MALFORMED' } as const;
  try {
    return parseShape(payloadSchema, parseJson(payload, place), place).critical;
  } catch (cause) {
    if (codeOf(cause) === undefined) throw cause;
    throw new SignatureRefusal('payload-malformed', (cause as Error).message, cause);
  }
}

/** The name without its tag. A digest in it is no name: what was signed stands in the digest field alone. */
function imageNamed(reference: string): string | undefined {
  try {
    const { name, digest } = parseReference(reference);
    return digest === undefined ? name : undefined;
  } catch (error) {
    if (codeOf(error) === 'REFERENCE_INVALID') return undefined;
    throw error;
  }
}
