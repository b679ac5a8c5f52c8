import { CodedError, codeOf } from '../errors/coded-error.ts';
import type { Digest } from '../oci/digest.ts';
import type { ImageReference } from '../oci/reference.ts';
import type { Trust } from '../trust/trust.ts';
import type { FoundSignature } from '../verify/found-signature.ts';
import { type SignedDigest, verifySignatures } from '../verify/verify-signatures.ts';
import type { ImageSource, SourceOptions } from './image-source.ts';

export type SignatureSource = Pick<ImageSource, 'findSignatures' | 'findBundles'>;

/** What a source has for one digest, in both forms; a look-up that failed is no "none". */
export interface LookedUp {
  readonly found: readonly FoundSignature[];
  readonly failures: readonly unknown[];
  /** What lies there in a form that cannot count: it explains a refusal, and changes no verdict. */
  readonly uncounted?: readonly FoundSignature[];
}

/**
 * Asks for both forms at once where both can count. Where no bundle can, they are asked for only when there is nothing
 * else: to say why what is there does not count.
 */
export async function lookUpSignatures(
  source: SignatureSource,
  reference: ImageReference,
  digest: Digest,
  trust: Trust,
  options?: SourceOptions,
): Promise<LookedUp> {
  const findBundles = () => settle(source.findBundles(reference, digest, options));
  if (takesBundles(trust)) {
    const looked = await Promise.all([settle(source.findSignatures(reference, digest, options)), findBundles()]);
    return {
      found: looked.flatMap(({ found }) => found),
      failures: looked.flatMap(({ failures }) => failures),
    };
  }
  const legacy = await settle(source.findSignatures(reference, digest, options));
  if (legacy.found.length > 0 || legacy.failures.length > 0) return legacy;
  const { found } = await findBundles();
  return { ...legacy, uncounted: found };
}

/** Evidence from what was looked up. A failed look-up counts only when the rest does not suffice (design §3, rule 5). */
export function verifyLookedUp(
  { found, failures, uncounted = [] }: LookedUp,
  digest: Digest,
  trust: Trust,
  document?: Uint8Array,
): SignedDigest {
  try {
    return verifySignatures(found, digest, trust, document);
  } catch (refusal) {
    throw failures[0] ?? (uncounted.length > 0 ? explain(refusal, uncounted, digest, trust) : refusal);
  }
}

/** Still "no signature", with the reasons of those that cannot be one here. */
function explain(refusal: unknown, uncounted: readonly FoundSignature[], digest: Digest, trust: Trust): unknown {
  try {
    verifySignatures(uncounted, digest, trust);
    return refusal;
  } catch (reason) {
    if (!(reason instanceof CodedError) || !(refusal instanceof CodedError)) throw reason;
    const { message, suggestions, details } = reason;
    return new CodedError(refusal.code, message, { suggestions, details, cause: reason });
  }
}

function takesBundles({ dedicatedKeys, identities = [] }: Trust): boolean {
  return dedicatedKeys === true || identities.length > 0;
}

async function settle(looking: Promise<readonly FoundSignature[]>): Promise<LookedUp> {
  try {
    return { found: await looking, failures: [] };
  } catch (failure) {
    if (codeOf(failure) === undefined) throw failure; // an abort, or a bug of ours
    return { found: [], failures: [failure] };
  }
}
