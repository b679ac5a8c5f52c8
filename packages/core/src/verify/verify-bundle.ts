import { CodedError } from '../errors/coded-error.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import type { Trust } from '../trust/trust.ts';
import { isTrustedIdentity } from '../trust/trusted-identity.ts';
import { IN_TOTO_PAYLOAD, parseStatement, requireSubject } from './in-toto-statement.ts';
import { parseBundle } from './parse-bundle.ts';
import { type LogEntry, SignatureRefusal, type Signer } from './signature-verdict.ts';
import { type BundleTrust, verifySignedBundle } from './verify-signed-bundle.ts';

/** Who signed an artifact, and which log says so. */
export type VerifiedArtifact = Signer & { readonly log?: LogEntry };

/**
 * A Sigstore bundle over any artifact, by a trusted key or identity: its message signature is over these bytes, or its
 * in-toto statement names their digest. An artifact that is given by its digest has no bytes to hold a message signature
 * against. Throws SIGNATURE_INVALID.
 */
export function verifyBundle(
  bytes: Uint8Array,
  artifact: Uint8Array | Digest,
  trust: BundleTrust & Pick<Trust, 'identities'>,
): VerifiedArtifact {
  try {
    const bundle = parseBundle(bytes);
    if (bundle.content.$case === 'dsseEnvelope') requireAbout(bundle.content.dsseEnvelope, artifact);
    const { signer, log } = verifySignedBundle(bundle, trust, typeof artifact === 'string' ? {} : { artifact });
    if ('trusted' in signer) return { key: signer.trusted.fingerprint, ...(log && { log }) };
    const { identity } = signer;
    if (!trust.identities?.some((trusted) => isTrustedIdentity(identity, trusted)))
      throw new SignatureRefusal('signature-foreign', `${identity.subject} (${identity.issuer})`);
    return { identity, ...(log && { log }) };
  } catch (cause) {
    if (!(cause instanceof SignatureRefusal)) throw cause;
    const { reason, detail, message } = cause;
    throw new CodedError('SIGNATURE_INVALID', `the bundle does not count: ${message}${detail ? ` (${detail})` : ''}`, {
      details: { reason },
      cause,
    });
  }
}

function requireAbout(
  { payloadType, payload }: { readonly payloadType: string; readonly payload: Uint8Array },
  artifact: Uint8Array | Digest,
): void {
  if (payloadType !== IN_TOTO_PAYLOAD) throw new SignatureRefusal('statement-malformed', 'it is no in-toto payload');
  requireSubject(parseStatement(payload), typeof artifact === 'string' ? artifact : digestOf(artifact));
}
