import { CodedError } from '../errors/coded-error.ts';
import { readLedger } from '../ledger/ledger-file.ts';
import type { Platform } from '../oci/platform.ts';
import { type ImageReference, parseReference } from '../oci/reference.ts';
import type { Profile } from '../profile/profile.ts';
import { guardRuntime } from '../runtime/guard-runtime.ts';
import { type GivenExpectations, parseExpectations } from '../verify/provenance/expectations.ts';
import { type AttestedSubject, findSubject, installedSubject } from './attested-subject.ts';
import { findProvenance, type ProvenanceContext } from './find-provenance.ts';
import { verifyInstalled } from './installed-image.ts';
import type { AttestProvenanceResult } from './results.ts';
import type { LocalContext } from './verb-context.ts';
import { requireDigest, requireInstalledName, type VerifyLocalOptions } from './verify-local.ts';

export interface AttestOptions {
  readonly reference: ImageReference;
  /** Whose image counts, where there are several under one name. */
  readonly platform: Platform;
  /** Of the profile's own image, what is left out is what the profile expects. */
  readonly expected: GivenExpectations;
}

/** Says where an image was built from, if that is what was expected: of a registry or of an archive. No engine, nothing written. */
export async function attestProvenance(
  context: ProvenanceContext,
  { reference, platform, expected: given }: AttestOptions,
): Promise<AttestProvenanceResult> {
  const { source, profile, signal } = context;
  const expected = parseExpectations(withDefaults(given, profile, reference));
  const subject = await findSubject(source, reference, platform, { ...(signal && { signal }) });
  const provenance = await findProvenance(context, reference, subject, expected);
  return resultOf(subject, provenance);
}

/** The same of what is installed, which is matched and verified as `verify-local` does. */
export async function attestInstalled(
  given: ProvenanceContext & LocalContext,
  { image, expected: wanted }: Pick<AttestOptions, 'expected'> & Pick<VerifyLocalOptions, 'image'>,
): Promise<AttestProvenanceResult> {
  if (image) requireInstalledName(image, given.profile);
  const context = { ...given, runtime: guardRuntime(given.runtime, given) };
  const { profile, state } = context;
  const reference = parseReference(profile.image);
  const expected = parseExpectations(withDefaults(wanted, profile, reference));
  const { ledger, notices } = await readLedger(state, profile, { readOnly: true });
  for (const message of notices) context.report?.({ type: 'notice', message });
  const { facts } = await verifyInstalled(context, ledger.releases);
  if (image) requireDigest(image, facts);
  const subject = installedSubject(facts);
  const provenance = await findProvenance(context, reference, subject, expected);
  return resultOf(subject, provenance);
}

/** What a profile expects is said of its own image, and its workflow is one of its own repository. */
function withDefaults(given: GivenExpectations, { image, provenance }: Profile, { name }: ImageReference) {
  if (given.repository !== undefined) return given;
  if (name === image && provenance) {
    const { repository, workflow } = provenance;
    return { ...given, repository, workflow: given.workflow ?? workflow };
  }
  const why = name === image ? 'its profile names none' : `the profile is about ${image}`;
  throw new CodedError('USAGE', `expected a repository that ${name} is built from: ${why}`, {
    suggestions: ['Say what you expect: --repository owner/repository, and as much more as you know.'],
  });
}

function resultOf(
  { facts }: AttestedSubject,
  { accepted, verdicts }: Awaited<ReturnType<typeof findProvenance>>,
): AttestProvenanceResult {
  return {
    verb: 'attest-provenance',
    status: 'verified',
    image: { ...facts, digest: accepted.digest },
    attestations: [accepted, ...verdicts.filter((verdict) => verdict !== accepted)],
  };
}
