import { codeOf } from '../../errors/coded-error.ts';
import { printable } from '../../errors/printable.ts';
import { askHelper, type RunHelper } from './ask-helper.ts';
import { type AuthFileSurroundings, authFilePlaces } from './auth-file-paths.ts';
import { type Credential, toCredential } from './credential.ts';
import { type AuthFile, readAuthFile } from './read-auth-file.ts';
import { registryKeys } from './registry-keys.ts';

export interface CredentialOptions extends AuthFileSurroundings {
  readonly runHelper?: RunHelper | undefined;
}

export interface FoundCredential {
  readonly credential?: Credential;
  /** Why places that might have had one had none; for the user. */
  readonly notes: readonly string[];
}

/** Looks for what is stored for exactly this registry; asked only after it refused us. */
export type FindCredential = (registry: URL, signal: AbortSignal) => Promise<FoundCredential>;

export function createFindCredential({ runHelper, ...surroundings }: CredentialOptions): FindCredential {
  return async (registry, signal) => {
    const keys = registryKeys(registry);
    const notes: string[] = [];
    for (const place of authFilePlaces(surroundings)) {
      const file = await readAuthFile(place).catch((error: unknown) => {
        if (place.isNamed || codeOf(error) !== 'USAGE') throw error;
        notes.push(`${(error as Error).message}: passed over`);
        return undefined;
      });
      const found = file && (await findInFile(file, keys, runHelper, signal));
      if (typeof found === 'object') return { credential: found, notes };
      if (found !== undefined) notes.push(`${printable(place.path)}: ${found}`);
    }
    return { notes };
  };
}

/** Docker's order: the registry's own helper, the helper for all, the file itself. A text is a reason, as `askHelper` gives. */
async function findInFile(
  file: AuthFile,
  keys: readonly string[],
  runHelper: RunHelper | undefined,
  signal: AbortSignal,
): Promise<Credential | string | undefined> {
  const { auths = {}, credHelpers = {}, credsStore } = file;
  const [asked = ''] = keys;
  const own = entryOf(credHelpers, keys);
  const helper = own ?? credsStore;
  const answer = helper ? await askHelper(helper, asked, runHelper, signal) : undefined;
  if (typeof answer === 'object') return answer;
  const entry = entryOf(auths, keys);
  if (entry?.identitytoken) return toCredential('<token>', entry.identitytoken);
  if (!entry?.auth) return own !== undefined || entry !== undefined ? answer : undefined;
  return decodeAuth(entry.auth) ?? 'its entry for this registry is not base64 of user:password';
}

/** Only a key that is there itself: nothing inherited, no part of a name. */
function entryOf<Value>(entries: Readonly<Record<string, Value>>, keys: readonly string[]): Value | undefined {
  const key = keys.find((candidate) => Object.hasOwn(entries, candidate));
  return key === undefined ? undefined : entries[key];
}

function decodeAuth(text: string): Credential | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const decoded = Buffer.from(text, 'base64').toString();
  const colon = decoded.indexOf(':');
  return colon > 0 ? toCredential(decoded.slice(0, colon), decoded.slice(colon + 1)) : undefined;
}
