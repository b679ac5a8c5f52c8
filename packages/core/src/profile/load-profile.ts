import { dirname, resolve } from 'node:path';
import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { parseJson } from '../oci/parse-json.ts';
import { parseShape } from '../oci/parse-shape.ts';
import { parseReference } from '../oci/reference.ts';
import { parsePublicKey, type TrustedKey } from '../trust/public-key.ts';
import { builtInPublicRoot, namePublicRoot, type PublicRoot } from '../trust/public-root.ts';
import { pinnedLog } from '../trust/transparency-log.ts';
import type { Trust } from '../trust/trust.ts';
import { parseTrustedRoot } from '../trust/trusted-root.ts';
import { dangerzoneProfile } from './dangerzone-profile.ts';
import { MAX_ROOT_BYTES } from './find-public-root.ts';
import type { Profile } from './profile.ts';
import { type ProfileFile, profileSchema } from './profile-schema.ts';
import { readGuardedFile } from './read-guarded-file.ts';
import { readIdentities, requireAuthorities, requireThreshold } from './read-signers.ts';

const MAX_PROFILE_BYTES = 256 * 1024;
const MAX_KEY_BYTES = 16 * 1024;
const DEFAULT_FRESHNESS_DAYS = 60;
const BUILT_IN = 'dangerzone';

export interface LoadProfileOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Sigstore's public trusted root; asked for only where the profile rests on it. The built-in one, where left out. */
  readonly publicRoot?: () => Promise<PublicRoot>;
}

/** `selector` is a file when it has a slash, a backslash or ends in `.json`; else the name of a built-in profile. */
export async function loadProfile(
  selector: string = BUILT_IN,
  { env = process.env, publicRoot = async () => builtInPublicRoot() }: LoadProfileOptions = {},
): Promise<Profile> {
  const isFile = /[/\\]|\.json$/.test(selector);
  const profile = isFile ? await readProfile(selector, publicRoot) : builtInProfile(selector);
  return withRekorKeyOfEnvironment(profile, env);
}

function builtInProfile(name: string): Profile {
  if (name !== BUILT_IN) {
    throw new CodedError('PROFILE_INVALID', `no built-in profile is called ${printable(name)}`, {
      suggestions: [`Use ${BUILT_IN}, or give a file: --profile ./${name.replace(/[^\w.-]/g, '')}.json`],
    });
  }
  const { image, tag, key, logKey, logId, floor, freshnessDays, provenance } = dangerzoneProfile;
  const logs = [pinnedLog(parsePublicKey(Buffer.from(logKey), 'of the built-in log'))];
  const keys = [parsePublicKey(Buffer.from(key), 'of the built-in profile')];
  return {
    name: BUILT_IN,
    isBuiltIn: true,
    image,
    tag,
    trust: { image, keys, threshold: 1, logs },
    floor: { [logId]: floor },
    freshnessDays,
    mirrors: [],
    provenance,
    dangerzoneLogId: logId,
    replacedLogs: [],
    notices: [],
  };
}

async function readProfile(path: string, publicRoot: () => Promise<PublicRoot>): Promise<Profile> {
  const place = { where: `profile ${printable(path)}`, code: 'PROFILE_INVALID' } as const;
  const file = parseShape(
    profileSchema,
    parseJson(await readGuardedFile(path, { limit: MAX_PROFILE_BYTES, what: 'profile' }), place),
    place,
  );
  const folder = dirname(resolve(path));
  const image = requireName(file.image, place.where);
  const keys = await readKeys(file.keys ?? [], folder);
  const identities = readIdentities(file.identities ?? [], place.where);
  const threshold = requireThreshold(file.threshold ?? 1, keys.length + identities.length, place.where);
  const pinned = await readPinned(file.transparencyLog, folder);
  requireAuthorities(identities, pinned, place.where);
  const profile: Profile = {
    name: file.name,
    isBuiltIn: false,
    image,
    tag: parseReference(`${image}:${file.tag ?? 'latest'}`).tag as string,
    trust: {
      image,
      keys,
      identities,
      dedicatedKeys: file.dedicatedKeys ?? false,
      threshold,
      ...(pinned ?? { logs: [] }),
    },
    floor: file.transparencyLog?.floor ?? {},
    freshnessDays: file.freshnessDays ?? DEFAULT_FRESHNESS_DAYS,
    mirrors: file.mirrors ?? [],
    ...(file.bundledArchive !== undefined && { bundledArchive: resolve(folder, file.bundledArchive) }),
    ...(file.provenance && { provenance: file.provenance as NonNullable<Profile['provenance']> }),
    replacedLogs: [],
    notices: [],
  };
  if (!pinned) return withPublicRoot(profile, await publicRoot());
  return file.provenance?.required && !pinned.root ? withProvenanceRoot(profile, await publicRoot()) : profile;
}

/** The profile with all that a public trusted root says may be believed, and nothing that another one said. */
export function withPublicRoot(profile: Profile, publicRoot: PublicRoot): Profile {
  const rootName = namePublicRoot(publicRoot);
  const root = parseTrustedRoot(publicRoot.bytes, rootName);
  return { ...profile, publicRoot, trust: { ...profile.trust, logs: root.logs, root, rootName } };
}

/** A pinned log key vouches for signatures; builders sign with certificates, which it knows nothing of. */
function withProvenanceRoot(profile: Profile, publicRoot: PublicRoot): Profile {
  return { ...profile, provenanceRoot: parseTrustedRoot(publicRoot.bytes, namePublicRoot(publicRoot)) };
}

function requireName(text: string, where: string): string {
  const { name, tag, digest } = parseReference(text);
  if (tag === undefined && digest === undefined) return name;
  throw new CodedError(
    'PROFILE_INVALID',
    `${where}: "image": expected a name without tag or digest, got ${printable(text)}`,
    {
      suggestions: ['Put the tag into "tag".'],
    },
  );
}

async function readKeys(entries: readonly string[], folder: string): Promise<TrustedKey[]> {
  const keys: TrustedKey[] = [];
  for (const entry of entries) {
    const isInline = entry.includes('-----BEGIN');
    const bytes = isInline
      ? Buffer.from(entry)
      : await readGuardedFile(resolve(folder, entry), { limit: MAX_KEY_BYTES, what: 'key file' });
    const key = parsePublicKey(bytes, isInline ? '(inline)' : printable(entry));
    if (keys.some(({ fingerprint }) => fingerprint === key.fingerprint)) {
      throw new CodedError('PROFILE_INVALID', `key ${key.fingerprint} is listed twice`, {
        suggestions: ['List each key once: a threshold counts distinct keys.'],
      });
    }
    keys.push(key);
  }
  return keys;
}

/** Nothing where the profile pins neither log keys nor a root. */
async function readPinned(
  log: ProfileFile['transparencyLog'],
  folder: string,
): Promise<Pick<Trust, 'logs' | 'root'> | undefined> {
  if (!log?.keys && !log?.trustedRoot) return undefined;
  const pinned = (await readKeys(log.keys ?? [], folder)).map(pinnedLog);
  if (!log.trustedRoot) return { logs: pinned };
  const path = resolve(folder, log.trustedRoot);
  const root = parseTrustedRoot(
    await readGuardedFile(path, { limit: MAX_ROOT_BYTES, what: 'trusted root' }),
    `the trusted root ${printable(log.trustedRoot)}`,
  );
  return { logs: [...pinned, ...root.logs], root };
}

/**
 * SIGSTORE_REKOR_PUBLIC_KEY replaces pinned log keys and nothing else: a trusted root says itself which keys it holds.
 * What was stored under the pinned key goes on to count locally, else setting the variable would break a good image.
 */
async function withRekorKeyOfEnvironment(
  profile: Profile,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Profile> {
  const path = env.SIGSTORE_REKOR_PUBLIC_KEY;
  if (!path) return profile;
  const log = pinnedLog(
    parsePublicKey(
      await readGuardedFile(path, { limit: MAX_KEY_BYTES, what: 'SIGSTORE_REKOR_PUBLIC_KEY' }),
      printable(path),
    ),
  );
  const replaced = profile.trust.logs.filter(({ isPinned }) => isPinned);
  if (replaced.length === 0)
    return {
      ...profile,
      notices: ['SIGSTORE_REKOR_PUBLIC_KEY is set, but this profile pins no log key: it has no effect.'],
    };
  const logs = [log, ...profile.trust.logs.filter(({ isPinned }) => !isPinned)];
  const notice = `SIGSTORE_REKOR_PUBLIC_KEY is in force: log ${log.id} counts in place of ${replaced.map(({ id }) => id).join(', ')}.`;
  return { ...profile, trust: { ...profile.trust, logs }, replacedLogs: replaced, notices: [notice] };
}
