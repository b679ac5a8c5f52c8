import { codeOf } from '../errors/coded-error.ts';
import { isInstallable } from '../ledger/is-installable.ts';
import { isNewer } from '../ledger/is-newer.ts';
import type { Ledger, RemoteProvenance } from '../ledger/ledger.ts';
import { releaseOf } from '../ledger/release.ts';
import type { Digest } from '../oci/digest.ts';
import { readPreferences } from '../preferences/preferences.ts';
import type { Profile } from '../profile/profile.ts';
import type { AcceptedProvenance } from '../verify/provenance/attestation-verdict.ts';
import type { VerifiedImage } from '../verify/verified-image.ts';
import type { Offer } from './fetch-candidate.ts';
import { findExpected } from './find-expected.ts';
import { type InstalledImage, releaseOfInstalled } from './installed-image.ts';
import type { InstallContext } from './verb-context.ts';

type Expected = NonNullable<Profile['provenance']>;

/** Looked for only where somebody is going to be asked about this release, and where it is not known already. */
export async function provenanceOfOffer(
  context: InstallContext,
  ledger: Ledger,
  { image, provenance: demanded, source }: Offer,
  installed: InstalledImage | undefined,
): Promise<RemoteProvenance | undefined> {
  const { provenance: expected } = context.profile;
  if (!expected) return undefined;
  if (demanded) return acceptedAs(expected, demanded);
  const known = knownProvenance(context.profile, ledger, image.digest);
  if (known?.verdict === 'accepted') return known;
  const release = releaseOf(image);
  const others = [installed && releaseOfInstalled(installed), ledger.declined?.release];
  const isNews = others.every((other) => other === undefined || isNewer(ledger, release, other));
  const isOffered = isNews && isInstallable(ledger, release, context.profile.floor);
  const { updates } = await readPreferences(context.state);
  return isOffered && updates === 'ask' ? lookUpProvenance({ ...context, source }, image, expected) : undefined;
}

/**
 * Where an offered release was built, for whoever is asked about it. That it is not attested, or could not be looked up,
 * takes nothing from the offer, and the one is never told for the other.
 */
async function lookUpProvenance(
  context: InstallContext,
  image: VerifiedImage,
  expected: Expected,
): Promise<RemoteProvenance> {
  const { profile, openProvenanceRoot, report, signal } = context;
  try {
    const trustedRoot = profile.provenanceRoot ?? (await openProvenanceRoot?.());
    return acceptedAs(
      expected,
      await findExpected({ ...context, ...(trustedRoot && { trustedRoot }) }, image, expected),
    );
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined || signal?.aborted) throw error;
    const verdict = verdicts[code] ?? 'unknown';
    const what = verdict === 'unknown' ? 'could not be looked up' : 'does not count';
    const message = `The provenance of what is offered ${what}: ${(error as Error).message}`;
    report?.({ type: verdict === 'missing' ? 'decision' : 'notice', message });
    return { ...placeOf(expected), verdict };
  }
}

const verdicts: Readonly<Record<string, 'missing' | 'refused'>> = {
  PROVENANCE_MISSING: 'missing',
  PROVENANCE_REJECTED: 'refused',
};

function acceptedAs(expected: Expected, { claims, key }: AcceptedProvenance): RemoteProvenance {
  return { ...placeOf(expected), verdict: 'accepted', commit: claims.commit, ...(key !== undefined && { key }) };
}

/**
 * What the last look-up said about a release; `unknown` where there was none, or it was for something else: two profiles
 * may share a state, and one may be changed. Nothing where the profile expects no provenance.
 */
export function knownProvenance(
  { provenance: expected }: Profile,
  { remote }: Ledger,
  signed: Digest,
): RemoteProvenance | undefined {
  if (!expected) return undefined;
  const known = remote?.release.signed === signed ? remote.provenance : undefined;
  const isOfThis = known?.repository === expected.repository && known.workflow === expected.workflow;
  return known && isOfThis ? known : { ...placeOf(expected), verdict: 'unknown' };
}

/** True where provenance is demanded, and the last check of this offer did not demand it: another profile's, say. */
export function lacksProvenance(profile: Profile, ledger: Ledger): boolean {
  if (!profile.provenance?.required || !ledger.remote) return false;
  const known = knownProvenance(profile, ledger, ledger.remote.release.signed);
  return known?.verdict !== 'accepted' || known.key !== undefined;
}

function placeOf({ repository, workflow }: Expected): Pick<RemoteProvenance, 'repository' | 'workflow'> {
  return { repository, ...(workflow !== undefined && { workflow }) };
}
