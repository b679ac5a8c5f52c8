import { open, stat } from 'node:fs/promises';
import * as v from 'valibot';
import { CodedError } from '../../errors/coded-error.ts';
import { printable } from '../../errors/printable.ts';
import { systemCode } from '../../ledger/state-fault.ts';
import { parseJson } from '../../oci/parse-json.ts';
import type { AuthFilePlace } from './auth-file-paths.ts';

const MAX_BYTES = 1024 * 1024;
const WRITABLE_BY_OTHERS = 0o022;

const schema = v.object({
  auths: v.optional(
    v.record(v.string(), v.object({ auth: v.optional(v.string()), identitytoken: v.optional(v.string()) })),
  ),
  credHelpers: v.optional(v.record(v.string(), v.string())),
  credsStore: v.optional(v.string()),
});

/** Docker's `config.json` and Podman's `auth.json`: the same form. */
export type AuthFile = v.InferOutput<typeof schema>;

/** Nothing where there is no such file; throws USAGE where it must not or cannot be used. Never tells what is in it. */
export async function readAuthFile({ path, isNamed }: AuthFilePlace, uid = ownUid()): Promise<AuthFile | undefined> {
  const bytes = await readPrivately(path, uid).catch((error: unknown) => {
    const code = systemCode(error);
    if (code === undefined) throw error;
    if (!isNamed && (code === 'ENOENT' || code === 'ENOTDIR')) return undefined;
    throw refused(path, `cannot be read (${code})`);
  });
  return bytes && parseAuthFile(bytes, path);
}

/** Others may read it, as Podman and Docker have it; who may write it could have our log-in sent in their name. */
async function readPrivately(path: string, uid: number | undefined): Promise<Buffer> {
  // Before it is opened: opening a pipe would wait for a writer.
  if (!(await stat(path)).isFile()) throw refused(path, 'is not a plain file');
  const file = await open(path, 'r');
  try {
    const { mode, uid: owner, size } = await file.stat();
    if (uid !== undefined && owner !== uid && owner !== 0) throw refused(path, 'belongs to another user');
    if (uid !== undefined && (mode & WRITABLE_BY_OTHERS) !== 0) throw refused(path, 'may be written by other users');
    if (size > MAX_BYTES) throw refused(path, `is longer than ${MAX_BYTES} bytes`);
    return await file.readFile();
  } finally {
    await file.close();
  }
}

/** The usual errors quote what they found, and here that may be a password: only the place is told, without a cause. */
function parseAuthFile(bytes: Uint8Array, path: string): AuthFile {
  let value: unknown;
  try {
    value = parseJson(bytes, { where: path, code: 'USAGE' });
  } catch {
    throw refused(path, 'is not JSON without ambiguities');
  }
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw refused(path, `is no file of registry log-ins (at ${printable(v.getDotPath(result.issues[0]) ?? '')})`);
}

function ownUid(): number | undefined {
  return process.platform === 'win32' ? undefined : process.getuid?.();
}

function refused(path: string, why: string): CodedError {
  return new CodedError('USAGE', `the file of registry log-ins ${printable(path)} ${why}`, {
    suggestions: ['Correct it or log in again (podman login, docker login), or name another one with --auth-file.'],
    details: { path },
  });
}
