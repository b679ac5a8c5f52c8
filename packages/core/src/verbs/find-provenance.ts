import { CodedError, codeOf } from '../errors/coded-error.ts';
import type { Digest } from '../oci/digest.ts';
import { formatReference, type ImageReference } from '../oci/reference.ts';
import type { ImageSource, SourceOptions } from '../source/image-source.ts';
import type { TrustedRoot } from '../trust/trusted-root.ts';
import { attestationVerifier } from '../verify/provenance/attestation-verifier.ts';
import type { ProvenanceExpectations } from '../verify/provenance/expectations.ts';
import {
  type FoundAttestations,
  type VerifiedProvenance,
  verifyProvenance,
} from '../verify/provenance/verify-provenance.ts';
import type { FoundAttestation } from '../verify/verify-attestations.ts';
import type { AttestedSubject } from './attested-subject.ts';
import type { OnlineContext } from './verb-context.ts';

export interface ProvenanceContext extends OnlineContext {
  /** Whose certificates count, in place of the profile's trusted root or the public one. */
  readonly trustedRoot?: TrustedRoot;
}

/** Looks for attestations and holds them against what is expected: evidence, or an error that names the claim. */
export async function findProvenance(
  context: Pick<ProvenanceContext, 'source' | 'profile' | 'trustedRoot' | 'signal' | 'report'>,
  reference: ImageReference,
  subject: AttestedSubject,
  expected: ProvenanceExpectations,
): Promise<VerifiedProvenance> {
  const { source, profile, trustedRoot, signal, report } = context;
  const verify = attestationVerifier(profile.trust, trustedRoot);
  const [digest] = subject.digests;
  const check = { where: formatReference({ ...subject.facts, digest }), expected, verify };
  const { found, failures } = await lookUpAll(source, reference, subject.digests, { ...(signal && { signal }) });
  let provenance: VerifiedProvenance;
  try {
    provenance = verifyProvenance(found, check);
  } catch (refusal) {
    // What could not be looked at may have been what was missing: "none" is not said.
    if (failures.length > 0) throw failures[0];
    throw await withRelated(context, reference, subject, { check, refusal });
  }
  for (const failure of failures) report?.({ type: 'decision', message: `not needed: ${(failure as Error).message}` });
  return provenance;
}

interface LookedUp {
  readonly found: readonly FoundAttestations[];
  readonly failures: readonly unknown[];
}

/** Both forms of each digest, at the same time. A look-up that failed counts only where the others do not suffice. */
async function lookUpAll(
  source: ImageSource,
  reference: ImageReference,
  digests: readonly Digest[],
  options: SourceOptions,
): Promise<LookedUp> {
  const failures: unknown[] = [];
  const orFailure = (looking: Promise<readonly FoundAttestation[]>) =>
    looking.catch((error: unknown): readonly FoundAttestation[] => {
      if (codeOf(error) === undefined || options.signal?.aborted) throw error;
      failures.push(error);
      return [];
    });
  const found = await Promise.all(
    digests.map(async (digest) => {
      const documents = await Promise.all([
        orFailure(source.findAttestations(reference, digest, options)),
        orFailure(source.findBundles(reference, digest, options)),
      ]);
      return { digest, documents: documents.flat() };
    }),
  );
  return { found, failures };
}

/** Provenance of what lies beside the digest is not its own, but worth a word: it can be asked for by its own digest. */
async function withRelated(
  { source, signal }: Pick<ProvenanceContext, 'source' | 'signal'>,
  reference: ImageReference,
  { related }: AttestedSubject,
  { check, refusal }: { readonly check: Parameters<typeof verifyProvenance>[1]; readonly refusal: unknown },
): Promise<unknown> {
  if (related.length === 0 || codeOf(refusal) !== 'PROVENANCE_MISSING') return refusal;
  const { found } = await lookUpAll(source, reference, related, { ...(signal && { signal }) });
  try {
    const { digest } = verifyProvenance(found, check).accepted;
    const { code, message, details } = refusal as CodedError;
    return new CodedError(code, `${message}; ${digest}, which belongs to it, has`, {
      suggestions: [`Ask about that one: ${formatReference({ name: reference.name, digest })}`],
      details: { ...details, attested: digest },
    });
  } catch {
    return refusal; // nothing to tell
  }
}
