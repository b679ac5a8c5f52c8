import type { TransparencyLogEntry } from '@sigstore/bundle';
import type { TransparencyLog } from '../trust/transparency-log.ts';
import type { Trust } from '../trust/trust.ts';
import { requireCheckpoint } from './require-checkpoint.ts';
import { type LogEntry, SignatureRefusal } from './signature-verdict.ts';

export type LoggedEntry = TransparencyLogEntry;

const FOREVER = 8.64e15;

/** Exactly one: no tool writes more, and of two each reader could decide on another one. */
export function requireEntry(entries: readonly LoggedEntry[], logEntry: Trust['logEntry']): LoggedEntry | undefined {
  const [entry] = entries;
  if (entries.length > 1) throw new SignatureRefusal('bundle-malformed', `it has ${entries.length} log entries`);
  if (!entry && logEntry !== 'not-required') throw new SignatureRefusal('log-entry-missing');
  return entry;
}

/**
 * The trusted log that may speak for an entry, with a key that was valid at the entry's time. Where nothing tells the
 * time (a proof without promise or timestamp), only a key whose validity has no end will do.
 */
export function requireLog(
  entry: LoggedEntry,
  timestamps: readonly Date[],
  logs: readonly TransparencyLog[],
): TransparencyLog {
  const id = entry.logId.keyId.toString('hex');
  const known = logs.filter((log) => log.id === id);
  if (known.length === 0) throw new SignatureRefusal('log-unknown', `log ${id}`);
  const time = timeOf(entry, timestamps);
  const valid = known.find(({ authority: { validFor } }) =>
    time ? validFor.start <= time && time <= validFor.end : validFor.end.getTime() === FOREVER,
  );
  if (!valid) throw new SignatureRefusal('log-key-expired', `log ${id}`);
  return entry.inclusionProof ? requireProof(entry, valid) : valid;
}

function requireProof(entry: LoggedEntry, log: TransparencyLog): TransparencyLog {
  const { inclusionProof } = entry;
  if (isRekorV2(entry) && entry.logIndex !== inclusionProof?.logIndex)
    throw new SignatureRefusal('log-proof-invalid', 'its index is not the proven one');
  const name = requireCheckpoint({ inclusionProof }, log);
  // A log that is known by its key alone has no name that could be compared.
  return log.authority.baseURL === '' ? { ...log, authority: { ...log.authority, baseURL: `https://${name}` } } : log;
}

/** Index and time as far as something verified vouches for them. */
export function logEntryOf(entry: LoggedEntry, { id }: TransparencyLog, timestamps: readonly Date[]): LogEntry {
  const isBound = entry.inclusionPromise !== undefined || isRekorV2(entry);
  const time = timeOf(entry, timestamps);
  return { id, ...(isBound && { index: Number(entry.logIndex) }), ...(time && { time }) };
}

/** When the log promised it; without a promise, the earliest trusted timestamp. */
function timeOf(entry: LoggedEntry, timestamps: readonly Date[]): Date | undefined {
  if (entry.inclusionPromise) return new Date(Number(entry.integratedTime) * 1000);
  return [...timestamps].sort((left, right) => left.getTime() - right.getTime())[0];
}

/** rekor-tiles has these two kinds, in this version; Rekor v1 has neither of them. */
function isRekorV2({ kindVersion: { kind, version } }: LoggedEntry): boolean {
  return version === '0.0.2' && (kind === 'hashedrekord' || kind === 'dsse');
}
