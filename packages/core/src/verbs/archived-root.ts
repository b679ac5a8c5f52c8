import { codeOf } from '../errors/coded-error.ts';
import type { FetchedRoot } from '../profile/find-public-root.ts';
import { withPublicRoot } from '../profile/load-profile.ts';
import type { ImageArchive } from '../source/image-archive.ts';
import { namePublicRoot, type PublicRoot } from '../trust/public-root.ts';
import type { VerbContext } from './verb-context.ts';

/** A trusted root that was proven from Sigstore's own keys, and is not kept yet. */
export interface ProvenRoot extends FetchedRoot {
  /** When its timestamp was to be replaced by a newer one. */
  readonly goodUntil: Date;
  /** Where it is what counts from now on. */
  keep(): Promise<void>;
}

/**
 * Proves the files of a TUF repository from the root that ships, and that nothing in them is older than what was fetched
 * here. Throws TRUSTED_ROOT_REFUSED.
 */
export type ProveRoot = (files: ReadonlyMap<string, Uint8Array>, from: string) => Promise<ProvenRoot>;

export interface ArchiveContext extends VerbContext {
  /** Without, what travels with an archive is not looked at. */
  readonly proveRoot?: ProveRoot;
}

export interface WithArchivedRoot<Context> {
  readonly context: Context;
  /** For whoever takes the image: later verbs need the same root. */
  keep(): Promise<void>;
}

/**
 * The context with the trusted root that came along, where the profile rests on the public one and this is newer. It is the
 * one thing in an archive that adds to what is trusted (design, section 5): Sigstore's keys sign it, and no one else's.
 */
export async function withArchivedRoot<Context extends ArchiveContext>(
  context: Context,
  { tuf, location }: Pick<ImageArchive, 'tuf' | 'location'>,
): Promise<WithArchivedRoot<Context>> {
  const { profile, proveRoot, report } = context;
  const unchanged = { context, keep: async () => {} };
  const inForce = profile.publicRoot;
  // What a profile pins or the user names is not for an archive to replace.
  if (!tuf?.size || !proveRoot || !inForce || inForce.origin === 'file') return unchanged;
  const ignore = (why: string) => {
    report?.({ type: 'notice', message: `The trusted root in the archive is ignored: ${why}` });
    return unchanged;
  };
  const proven = await proveRoot(tuf, location).catch((error) => {
    if (codeOf(error) === 'TRUSTED_ROOT_REFUSED') return (error as Error).message;
    throw error;
  });
  if (typeof proven === 'string') return ignore(proven);
  if (Buffer.compare(proven.trustedRoot, inForce.bytes) === 0) return unchanged;
  if (inForce.date && proven.asOf <= inForce.date) return ignore(`it is older than ${namePublicRoot(inForce)}`);
  const root: PublicRoot = { origin: 'archive', from: location, date: proven.asOf, bytes: proven.trustedRoot };
  report?.({ type: 'notice', message: `${namePublicRoot(root)} counts: ${ageOf(proven, context)}` });
  return { context: { ...context, profile: withPublicRoot(profile, root) }, keep: () => proven.keep() };
}

const DAY_MS = 86_400_000;

function ageOf({ goodUntil }: ProvenRoot, { now = () => new Date() }: VerbContext): string {
  const days = Math.floor((now().getTime() - goodUntil.getTime()) / DAY_MS);
  const day = goodUntil.toISOString().slice(0, 10);
  return days < 0 ? `it is good until ${day}` : `its timestamp expired on ${day}, ${days} days ago`;
}
