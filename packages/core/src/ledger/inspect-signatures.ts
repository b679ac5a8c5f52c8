import { type CodedError, codeOf } from '../errors/coded-error.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import type { Profile } from '../profile/profile.ts';
import type { TrustedKey } from '../trust/public-key.ts';
import { acceptLegacySignature } from '../verify/accept-legacy-signature.ts';
import type { LegacySignature } from '../verify/legacy-signature.ts';
import { type LogEntry, SignatureRefusal } from '../verify/signature-verdict.ts';
import { earliest, lowestRanks } from './rank.ts';
import type { Sighting } from './release.ts';
import { keyFoldersIn, readSignatures, storedDigests } from './signature-store.ts';
import type { StateFolder } from './state-folder.ts';
import type { StateFs } from './state-fs.ts';
import type { BundlesInspection, Reason, SignatureFile, SignaturesInspection } from './state-inspection.ts';

/** Every stored signature by a trusted key, verified as it would be before a run. */
export async function inspectSignatures(
  folder: StateFolder,
  { trust, replacedLogs }: Pick<Profile, 'trust' | 'replacedLogs'>,
  fs: StateFs,
): Promise<SignaturesInspection> {
  const files: SignatureFile[] = [];
  const entries: BundlesInspection['entries'][number][] = [];
  for (const key of trust.keys) {
    const own = { ...trust, keys: [key], threshold: 1, logs: [...trust.logs, ...replacedLogs] };
    for (const digest of await storedDigests(folder, key, { fs })) {
      const found = await readOrReason(folder, key, digest, fs);
      const verdicts = 'why' in found ? [] : found.signatures.map((signature) => judge(signature, digest, own));
      for (const { log } of verdicts) if (log) entries.push({ digest, log });
      const why = 'why' in found ? found.why : verdicts.find((verdict) => verdict.why)?.why;
      const name = `signatures/${key.fileDigest}/${hexOf(digest)}.json`;
      const valid = verdicts.filter((verdict) => !verdict.why).length;
      files.push({ name, keyFile: key.fileDigest, digest, valid, ...(why && { why }) });
    }
  }
  const trusted = new Set(trust.keys.map(({ fileDigest }) => fileDigest));
  const otherKeys = (await keyFoldersIn(folder, { fs })).filter((keyFile) => !trusted.has(keyFile));
  return withEntries({ files, sightings: [], highest: {}, otherKeys }, entries);
}

/** The same with what logs say in bundles: a floor may rest on those alone. */
export function withEntries(
  inspection: SignaturesInspection,
  entries: BundlesInspection['entries'],
): SignaturesInspection {
  const sightings = new Map(inspection.sightings.map((sighting) => [sighting.digest, sighting]));
  const highest = { ...inspection.highest };
  for (const { digest, log } of entries) {
    addSighting(sightings, digest, log);
    const top = highest[log.id];
    if (log.index !== undefined && (!top || top.index < log.index)) highest[log.id] = { index: log.index, digest };
  }
  return { ...inspection, sightings: [...sightings.values()], highest };
}

export function reasonOf(error: unknown): Reason {
  if (codeOf(error) === undefined) throw error;
  const { message, suggestions } = error as CodedError;
  return { message, suggestions };
}

type Found = { readonly signatures: readonly LegacySignature[] } | { readonly why: Reason };

async function readOrReason(folder: StateFolder, key: TrustedKey, digest: Digest, fs: StateFs): Promise<Found> {
  try {
    const signatures = (await readSignatures(folder, key, digest, { fs })) ?? [];
    return signatures.length > 0 ? { signatures } : { why: { message: 'it holds no signature', suggestions: [] } };
  } catch (error) {
    return { why: reasonOf(error) };
  }
}

/** As `counts` decides what is kept: where only the log's key is not known any more, nothing is damaged. */
function judge(
  signature: LegacySignature,
  digest: Digest,
  trust: Profile['trust'],
): { readonly log?: LogEntry; readonly why?: Reason } {
  try {
    const { log } = acceptLegacySignature(signature, digest, trust);
    return log ? { log } : {};
  } catch (error) {
    if (!(error instanceof SignatureRefusal)) throw error;
    if (error.reason === 'log-unknown' || error.reason === 'log-key-expired') return {};
    return { why: { message: error.message, suggestions: [] } };
  }
}

function addSighting(sightings: Map<Digest, Sighting>, digest: Digest, { id, index, time }: LogEntry): void {
  const before = sightings.get(digest);
  const loggedAt = earliest(before?.loggedAt, time);
  sightings.set(digest, {
    digest,
    ranks: lowestRanks(before?.ranks ?? {}, index === undefined ? {} : { [id]: index }),
    ...(loggedAt && { loggedAt }),
  });
}
