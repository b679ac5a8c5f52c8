import { X509Certificate } from 'node:crypto';
import { type Digest, digestOf } from '../oci/digest.ts';
import type { Trust } from '../trust/trust.ts';
import { isTrustedIdentity } from '../trust/trusted-identity.ts';
import type { BundleDocument } from './bundle-document.ts';
import type { BundleSigner } from './bundle-signer.ts';
import { IN_TOTO_PAYLOAD, parseStatement, requireSubject } from './in-toto-statement.ts';
import { parseBundleDocument } from './parse-bundle.ts';
import { type AcceptedSignature, SignatureRefusal, type Signer } from './signature-verdict.ts';
import { verifySignedBundle } from './verify-signed-bundle.ts';

// cosign, pkg/types: the one predicate that makes a statement an image signature.
const SIGNATURE_PREDICATE = 'https://sigstore.dev/cosign/sign/v1';
/** An image signature's bundle has some ten thousand. A larger one, which anybody can make of it, could not be kept. */
export const MAX_SIGNATURE_BUNDLE_BYTES = 1024 * 1024;
const SIGNATURE_STATEMENT = 'https://in-toto.io/Statement/v1';

/**
 * One Sigstore bundle as a signature of an image: evidence, or a SignatureRefusal. `document` is the manifest with this
 * digest: what a message signature is over. Pure, as its legacy neighbour is.
 */
export function acceptBundleSignature(
  found: BundleDocument,
  digest: Digest,
  trust: Trust,
  document?: Uint8Array,
): AcceptedSignature {
  const bundle = parseBundleDocument(found);
  if (bundle.content.$case === 'dsseEnvelope') requireSignatureStatement(bundle.content.dsseEnvelope, digest);
  if (found.bytes.length > MAX_SIGNATURE_BUNDLE_BYTES) {
    const why = `it has ${found.bytes.length} bytes: an image signature has at most ${MAX_SIGNATURE_BUNDLE_BYTES}`;
    throw new SignatureRefusal('bundle-malformed', why);
  }
  const artifact = document && digestOf(document) === digest ? document : undefined;
  const { signer, log } = verifySignedBundle(bundle, trust, { artifact });
  return { verdict: 'accepted', digest, ...requireTrusted(signer, trust), ...(log && { log }) };
}

/** A provenance statement by the same key says nothing about who may be installed. */
function requireSignatureStatement(
  { payloadType, payload }: { readonly payloadType: string; readonly payload: Uint8Array },
  digest: Digest,
): void {
  if (payloadType !== IN_TOTO_PAYLOAD) throw new SignatureRefusal('statement-other-type');
  const statement = parseStatement(payload);
  if (statement.predicateType !== SIGNATURE_PREDICATE || statement._type !== SIGNATURE_STATEMENT)
    throw new SignatureRefusal('statement-other-type');
  requireSubject(statement, digest);
}

/** Nothing in a bundle names the image: its key must sign nothing else, or its identity be the one that the profile names. */
function requireTrusted(signer: BundleSigner, { keys, dedicatedKeys, identities = [] }: Trust): Signer {
  if ('trusted' in signer) {
    if (!dedicatedKeys) throw new SignatureRefusal('bundle-key-not-dedicated');
    return { key: signer.trusted.fingerprint };
  }
  const { identity, certificate } = signer;
  if (identities.some((trusted) => isTrustedIdentity(identity, trusted))) {
    // One private key is one signer, or its holder alone would meet a threshold of two.
    const own = keys.find(({ keyObject }) => new X509Certificate(certificate).publicKey.equals(keyObject));
    return own ? { key: own.fingerprint } : { identity };
  }
  throw new SignatureRefusal('signature-foreign', `${identity.subject} (${identity.issuer})`);
}
