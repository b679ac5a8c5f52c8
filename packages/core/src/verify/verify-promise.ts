import { verify } from 'node:crypto';
import type { TransparencyLogEntry } from '@sigstore/bundle';
import type { TransparencyLog } from '../trust/transparency-log.ts';
import { SignatureRefusal } from './signature-verdict.ts';

/**
 * Rekor v1's promise (signed entry timestamp): over the canonical JSON of what it promises, keys sorted. The library
 * checks it too, but not for entries whose kind it does not read (`intoto` 0.0.1, which older provenance carries).
 */
export function verifyPromise(entry: TransparencyLogEntry, { id, authority }: TransparencyLog): void {
  const promised = {
    body: entry.canonicalizedBody.toString('base64'),
    integratedTime: Number(entry.integratedTime),
    logID: id,
    logIndex: Number(entry.logIndex),
  };
  const promise = entry.inclusionPromise?.signedEntryTimestamp;
  // The hash goes with the key: to name one makes Node throw for the Ed25519 key of Rekor v2, which promises nothing.
  if (promise && verify(undefined, Buffer.from(JSON.stringify(promised)), authority.publicKey, promise)) return;
  throw new SignatureRefusal('log-promise-invalid');
}
