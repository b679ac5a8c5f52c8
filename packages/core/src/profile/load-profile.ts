import { dirname, resolve } from 'node:path';
import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { parseJson } from '../oci/parse-json.ts';
import { parseShape } from '../oci/parse-shape.ts';
import { parseReference } from '../oci/reference.ts';
import { parsePublicKey, type TrustedKey } from '../trust/public-key.ts';
import { pinnedLog, type TransparencyLog } from '../trust/transparency-log.ts';
import { parseTrustedRoot, publicTransparencyLogs } from '../trust/trusted-root.ts';
import { dangerzoneProfile } from './dangerzone-profile.ts';
import type { Profile } from './profile.ts';
import { type ProfileFile, profileSchema } from './profile-schema.ts';
import { readGuardedFile } from './read-guarded-file.ts';

const MAX_PROFILE_BYTES = 256 * 1024;
const MAX_KEY_BYTES = 16 * 1024;
const MAX_ROOT_BYTES = 1024 * 1024;
const DEFAULT_FRESHNESS_DAYS = 60;
const BUILT_IN = 'dangerzone';

export interface LoadProfileOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/** `selector` is a file when it has a slash, a backslash or ends in `.json`; else the name of a built-in profile. */
export async function loadProfile(
  selector: string = BUILT_IN,
  { env = process.env }: LoadProfileOptions = {},
): Promise<Profile> {
  const isFile = /[/\\]|\.json$/.test(selector);
  const profile = isFile ? await readProfile(selector) : builtInProfile(selector);
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

async function readProfile(path: string): Promise<Profile> {
  const place = { where: `profile ${printable(path)}`, code: 'PROFILE_INVALID' } as const;
  const file = parseShape(
    profileSchema,
    parseJson(await readGuardedFile(path, { limit: MAX_PROFILE_BYTES, what: 'profile' }), place),
    place,
  );
  const folder = dirname(resolve(path));
  const image = requireName(file.image, place.where);
  const keys = await readKeys(file.keys, folder);
  const threshold = requireThreshold(file.threshold ?? 1, keys, place.where);
  return {
    name: file.name,
    isBuiltIn: false,
    image,
    tag: parseReference(`${image}:${file.tag ?? 'latest'}`).tag as string,
    trust: { image, keys, threshold, logs: await readLogs(file.transparencyLog, folder) },
    floor: file.transparencyLog?.floor ?? {},
    freshnessDays: file.freshnessDays ?? DEFAULT_FRESHNESS_DAYS,
    mirrors: file.mirrors ?? [],
    ...(file.bundledArchive !== undefined && { bundledArchive: resolve(folder, file.bundledArchive) }),
    ...(file.provenance && { provenance: file.provenance as NonNullable<Profile['provenance']> }),
    replacedLogs: [],
    notices: [],
  };
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

function requireThreshold(threshold: number, keys: readonly TrustedKey[], where: string): number {
  if (threshold <= keys.length) return threshold;
  throw new CodedError(
    'PROFILE_INVALID',
    `${where}: "threshold" is ${threshold}, but there are only ${keys.length} keys`,
    {
      suggestions: ['Lower the threshold or list more keys.'],
    },
  );
}

async function readLogs(log: ProfileFile['transparencyLog'], folder: string): Promise<readonly TransparencyLog[]> {
  if (!log?.keys && !log?.trustedRoot) return publicTransparencyLogs();
  const pinned = (await readKeys(log.keys ?? [], folder)).map(pinnedLog);
  if (!log.trustedRoot) return pinned;
  const path = resolve(folder, log.trustedRoot);
  return [
    ...pinned,
    ...parseTrustedRoot(
      await readGuardedFile(path, { limit: MAX_ROOT_BYTES, what: 'trusted root' }),
      printable(log.trustedRoot),
    ),
  ];
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
