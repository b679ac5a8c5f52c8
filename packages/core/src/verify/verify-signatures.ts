import { CodedError } from '../errors/coded-error.ts';
import type { Digest } from '../oci/digest.ts';
import type { Trust } from '../trust/trust.ts';
import { acceptBundleSignature } from './accept-bundle-signature.ts';
import { acceptLegacySignature } from './accept-legacy-signature.ts';
import type { BundleDocument } from './bundle-document.ts';
import { countSigners } from './count-signers.ts';
import { type FoundSignature, isBundle } from './found-signature.ts';
import type { LegacySignature } from './legacy-signature.ts';
import { refusalCodes, suggestionsFor } from './refused-signatures.ts';
import {
  type AcceptedSignature,
  type RefusedSignature,
  refusalReasons,
  SignatureRefusal,
  type SignatureVerdict,
} from './signature-verdict.ts';

/** More signatures than this are refused unread: each costs two public-key operations. */
export const MAX_SIGNATURES = 50;

/** Evidence that a digest of the trusted image is signed: made by `verifySignatures` alone. */
export interface SignedDigest {
  /** The image name that every accepted signature states. */
  readonly image: string;
  readonly digest: Digest;
  /** Every signature that was looked at. */
  readonly verdicts: readonly SignatureVerdict[];
  /** Those of `found` that counted, in the order found; what is worth storing. */
  readonly accepted: readonly LegacySignature[];
  readonly acceptedBundles: readonly BundleDocument[];
}

/**
 * Holds all signatures found for a digest against the trust: evidence, or an error that tells each one's reason. Each form
 * is verified whole, by its own rules. `document` is the manifest with this digest, where it is at hand; `limit` is for what
 * is bounded already.
 */
export function verifySignatures(
  found: readonly FoundSignature[],
  digest: Digest,
  trust: Trust,
  document?: Uint8Array,
  limit = MAX_SIGNATURES,
): SignedDigest {
  if (found.length > limit)
    throw new CodedError('LIMIT_EXCEEDED', `${digest} has ${found.length} signatures: at most ${limit} are read`);
  const judged = found
    .map((signature) => ({ signature, verdict: judge(signature, digest, trust, document) }))
    .filter(({ verdict }) => !isOtherStatement(verdict));
  const verdicts = judged.map(({ verdict }) => verdict);
  requireThreshold(verdicts, digest, trust);
  const counted = judged.flatMap(({ signature, verdict }) => (verdict.verdict === 'accepted' ? [signature] : []));
  const signed: SignedDigest = Object.freeze({
    image: trust.image,
    digest,
    verdicts,
    accepted: counted.filter((signature): signature is LegacySignature => !isBundle(signature)),
    acceptedBundles: counted.filter(isBundle),
  });
  made.add(signed);
  return signed;
}

const made = new WeakSet<SignedDigest>();

/** Nobody else's object passes for evidence, whatever its members say. */
export function isEvidence(signed: SignedDigest): boolean {
  return made.has(signed);
}

/** When logs say that the digest was signed, earliest first. */
export function logTimesOf({ verdicts }: SignedDigest): readonly Date[] {
  const times = verdicts.flatMap((verdict) => (verdict.verdict === 'accepted' ? (verdict.log?.time ?? []) : []));
  return times.sort((left, right) => left.getTime() - right.getTime());
}

/** Attestations lie beside signatures, in the same form: no signature, so neither a bad one. */
function isOtherStatement(verdict: SignatureVerdict): boolean {
  return verdict.verdict !== 'accepted' && verdict.reason === 'statement-other-type';
}

function judge(
  signature: FoundSignature,
  digest: Digest,
  trust: Trust,
  document: Uint8Array | undefined,
): SignatureVerdict {
  try {
    return isBundle(signature)
      ? acceptBundleSignature(signature, digest, trust, document)
      : acceptLegacySignature(signature, digest, trust);
  } catch (error) {
    if (!(error instanceof SignatureRefusal)) throw error;
    const { reason, detail } = error;
    return {
      verdict: reason === 'signature-foreign' ? 'foreign' : 'invalid',
      digest,
      reason,
      ...(detail && { detail }),
    };
  }
}

function requireThreshold(verdicts: readonly SignatureVerdict[], digest: Digest, trust: Trust): void {
  const accepted = verdicts.filter((verdict): verdict is AcceptedSignature => verdict.verdict === 'accepted');
  const signers = countSigners(accepted, trust);
  if (signers >= trust.threshold && signers > 0) return;
  const refused = verdicts.filter((verdict): verdict is RefusedSignature => verdict.verdict !== 'accepted');
  const details = { digest, signatures: verdicts };
  if (signers > 0) {
    throw new CodedError(
      'THRESHOLD_NOT_MET',
      `${digest}: expected signatures by ${trust.threshold} of those whom the profile trusts, got ${signers}`,
      { details },
    );
  }
  if (refused.length === 0) {
    throw new CodedError('SIGNATURE_MISSING', `${digest} of ${trust.image} is unsigned: no signature was found`, {
      details,
      suggestions: MISSING,
    });
  }
  const telling = refused.find(({ verdict }) => verdict === 'invalid') ?? (refused[0] as RefusedSignature);
  const reasons = [
    ...new Set(refused.map(({ reason, detail }) => `${refusalReasons[reason]}${detail ? ` (${detail})` : ''}`)),
  ];
  throw new CodedError(
    refusalCodes[telling.reason],
    `${digest} of ${trust.image} has no signature that counts: ${reasons.join('; ')}`,
    {
      details,
      suggestions: suggestionsFor(telling.reason, trust),
    },
  );
}

const MISSING = ['Do not run this image. If you expected a signed one, check the name, or ask the publisher.'];
