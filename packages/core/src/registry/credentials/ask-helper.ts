import * as v from 'valibot';
import { printable } from '../../errors/printable.ts';
import { parseJson } from '../../oci/parse-json.ts';
import { type Credential, toCredential } from './credential.ts';

export interface HelperCall {
  /** For its standard input. */
  readonly input: string;
  /** More than this on its standard output ends it. */
  readonly maxBytes: number;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Runs a program found in PATH, without a shell; the caller's, for core starts none. Rejects where it did not run to its end. */
export type RunHelper = (
  command: string,
  args: readonly string[],
  call: HelperCall,
) => Promise<{ readonly exitCode: number; readonly stdout: Uint8Array }>;

const NAME = /^[A-Za-z0-9_-]{1,64}$/;
const MAX_BYTES = 64 * 1024;
const TIMEOUT_MS = 30_000;
const schema = v.object({ Username: v.string(), Secret: v.pipe(v.string(), v.nonEmpty()) });

/** Asks a credential helper of Docker's protocol. A text says why there is nothing: it is for the user, and no secret. */
export async function askHelper(
  name: string,
  registry: string,
  runHelper: RunHelper | undefined,
  signal: AbortSignal,
): Promise<Credential | string> {
  // The name becomes part of a program's: a path in it would run something else.
  if (!NAME.test(name)) return `the credential helper ${printable(name)} has a name that is refused`;
  const command = `docker-credential-${name}`;
  if (!runHelper) return `${command} keeps the log-in, and helpers are not supported here: use --auth-file`;
  const call = { input: registry, maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS, signal };
  // Why it did not run is not told: its own words may quote what it keeps.
  const answer = await runHelper(command, ['get'], call).catch(() => signal.throwIfAborted());
  if (!answer) return `${command} could not be run`;
  if (answer.exitCode !== 0) return `${command} has no log-in for it`;
  return readAnswer(answer.stdout) ?? `${command} gave an answer that is none`;
}

function readAnswer(stdout: Uint8Array): Credential | undefined {
  if (stdout.length > MAX_BYTES) return undefined;
  try {
    const { Username, Secret } = v.parse(schema, parseJson(stdout, { where: 'credential helper', code: 'USAGE' }));
    return toCredential(Username, Secret);
  } catch {
    return undefined; // without a cause: it would quote the secret
  }
}
