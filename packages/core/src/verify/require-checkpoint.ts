import type { TransparencyLogEntry } from '@sigstore/bundle';
import type { TransparencyLog } from '../trust/transparency-log.ts';
import { decodeBase64 } from './canonical-base64.ts';
import { SignatureRefusal } from './signature-verdict.ts';

const MAX_NOTE_BYTES = 64 * 1024;
const MAX_SIGNATURES = 64;
const SIGNATURE_LINE = /^\u2014 (\S+) ([A-Za-z0-9+/]+={0,2})$/;

/**
 * What the library leaves open in a checkpoint (c2sp.org/tlog-checkpoint, signed-note): the proof's own root and size as
 * the signed ones spell them, and the log's signature under the log's name and no part of it, over its own origin (of
 * Rekor v1: name and number of its tree). Other signatures are witnesses'. Returns the name that the log signed under.
 */
export function requireCheckpoint(
  { inclusionProof }: Required<Pick<TransparencyLogEntry, 'inclusionProof'>>,
  log: TransparencyLog,
): string {
  const envelope = inclusionProof?.checkpoint?.envelope ?? '';
  if (envelope.length > MAX_NOTE_BYTES) throw refused(`its checkpoint is longer than ${MAX_NOTE_BYTES} bytes`);
  const split = envelope.indexOf('\n\n');
  const [origin = '', size, root] = envelope.slice(0, Math.max(split, 0)).split('\n');
  const lines = envelope.slice(split + 2).split('\n');
  if (lines.pop() !== '') throw refused('its checkpoint has more than signature lines after its text');
  if (lines.length > MAX_SIGNATURES)
    throw refused(`its checkpoint has ${lines.length} signatures: at most ${MAX_SIGNATURES} are read`);
  if (size !== inclusionProof?.treeSize || root !== inclusionProof?.rootHash.toString('base64'))
    throw refused('its proof is for another tree than its checkpoint');
  // The name in a line is not signed, the origin is: a log with the same key under another name is another log.
  const name = lines
    .map((line) => nameOfSigner(line, log))
    .find((found) => found !== undefined && (origin === found || origin.startsWith(`${found} - `)));
  if (name === undefined) throw refused('its checkpoint is not signed by the log');
  return name;
}

/** The name in a line that may be the log's: its key hint, and the host that the log is known by. */
function nameOfSigner(line: string, { authority: { logID, baseURL } }: TransparencyLog): string | undefined {
  const [, name = '', encoded = ''] = SIGNATURE_LINE.exec(line) ?? [];
  const bytes = decodeBase64(encoded);
  if (!bytes) throw refused('its checkpoint has a malformed signature line');
  if (!bytes.subarray(0, 4).equals(logID.subarray(0, 4))) return undefined;
  return baseURL === '' || namesOf(new URL(baseURL)).includes(name) ? name : undefined;
}

/** A log signs under its base URL without scheme (c2sp.org/tlog-tiles), or its host alone; rekor-tiles leaves out the port. */
function namesOf({ host, hostname, pathname }: URL): readonly string[] {
  return [host, hostname, `${host}${pathname}`.replace(/\/$/, '')];
}

function refused(why: string): SignatureRefusal {
  return new SignatureRefusal('log-proof-invalid', why);
}
