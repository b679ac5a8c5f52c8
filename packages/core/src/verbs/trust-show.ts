import { digestOf, hexOf } from '../oci/digest.ts';
import type { Profile } from '../profile/profile.ts';
import type { AuthorityDescription } from '../trust/certificate-trust.ts';
import { namePublicRoot, type PublicRoot } from '../trust/public-root.ts';
import type { TransparencyLog } from '../trust/transparency-log.ts';
import { parseTrustedRoot } from '../trust/trusted-root.ts';

const DAY_MS = 86_400_000;
const NO_END = new Date(8.64e15).getTime();
/** Sigstore changes its trusted root a few times a year. */
const STALE_DAYS = 180;

/** What the public trusted root says may be believed, and whether the profile's signatures rest on it. */
export interface TrustShowResult {
  readonly verb: 'trust show';
  readonly status: PublicRoot['origin'];
  readonly from: string;
  /** When it was what Sigstore said; a file does not tell. */
  readonly date?: Date;
  readonly ageDays?: number;
  /** Transparency logs. */
  readonly logs: readonly AuthorityFacts[];
  readonly certificateLogs: readonly AuthorityFacts[];
  readonly certificateAuthorities: readonly AuthorityFacts[];
  readonly timestampAuthorities: readonly AuthorityFacts[];
  readonly profile: string;
  /** IDs of the logs that the profile pins: then its signatures do not rest on this root. */
  readonly pinnedLogs?: readonly string[];
  readonly notices: readonly string[];
}

export interface AuthorityFacts {
  /** A log's ID, or the SHA-256 of an authority's first certificate (DER), hex. */
  readonly id: string;
  readonly url?: string;
  readonly start: Date;
  readonly end?: Date;
}

export interface TrustShowContext {
  readonly profile: Profile;
  readonly publicRoot: PublicRoot;
  readonly now?: () => Date;
}

/** No network, and nothing is changed. A root that cannot be read is refused here as everywhere. */
export function showTrust({ profile, publicRoot, now = () => new Date() }: TrustShowContext): TrustShowResult {
  const { origin, from, date } = publicRoot;
  const root = parseTrustedRoot(publicRoot.bytes, namePublicRoot(publicRoot));
  const ageDays = date && (now().getTime() - date.getTime()) / DAY_MS;
  return {
    verb: 'trust show',
    status: origin,
    from,
    ...(date && { date }),
    ...(ageDays !== undefined && { ageDays }),
    logs: root.logs.map(logFacts),
    certificateLogs: root.certificateLogs.map(logFacts),
    certificateAuthorities: root.certificateAuthorities.map(authorityFacts),
    timestampAuthorities: root.timestampAuthorities.map(authorityFacts),
    profile: profile.name,
    ...(!profile.publicRoot && { pinnedLogs: profile.trust.logs.map(({ id }) => id) }),
    notices: ageDays !== undefined && ageDays > STALE_DAYS ? [`This root is ${Math.floor(ageDays)} days old.`] : [],
  };
}

function logFacts({ id, authority: { baseURL, validFor } }: TransparencyLog): AuthorityFacts {
  return factsOf(id, baseURL, validFor);
}

function authorityFacts({ uri, certificates: [first], validFor }: AuthorityDescription): AuthorityFacts {
  return factsOf(hexOf(digestOf(first ?? Buffer.alloc(0))), uri, validFor);
}

function factsOf(id: string, url: string, { start, end }: AuthorityDescription['validFor']): AuthorityFacts {
  return { id, ...(url && { url }), start, ...(end.getTime() !== NO_END && { end }) };
}
