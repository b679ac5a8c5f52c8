import type { AcceptedSignature, Freshness, ImageFacts, LogEntry, SignatureVerdict } from '@dangerzone-image/core';

const SHOWN_OF_KEY = 16;

export const ok = (text: string): string => `✅ OK: ${text}`;
export const note = (text: string): string => `⚠️ Note: ${text}`;
export const next = (text: string): string => `→ ${text}`;

/** What to hand to a runtime: name and signed digest, never a tag. */
export function referenceOf({ name, digest }: Pick<ImageFacts, 'name' | 'digest'>): string {
  return `${name}@${digest}`;
}

/** Who signed, as far as it counts, and what does not count. */
export function signatureLines(signatures: readonly SignatureVerdict[]): string[] {
  return signatures.map((signature) => {
    if (signature.verdict !== 'accepted') {
      const { verdict, reason, detail } = signature;
      return note(`one signature does not count: ${verdict}, ${reason}${detail ? ` (${detail})` : ''}`);
    }
    return ok(`signed by ${signerOf(signature)}, ${loggedAs(signature.log)}`);
  });
}

function signerOf({ key, identity }: AcceptedSignature): string {
  return identity ? `${identity.subject} (${identity.issuer})` : `the trusted key ${key.slice(0, SHOWN_OF_KEY)}…`;
}

/** Index and time as far as something that was verified vouches for them. */
function loggedAs(log: LogEntry | undefined): string {
  if (!log) return 'in no log';
  const id = `log ${log.id.slice(0, SHOWN_OF_KEY)}…`;
  const time = log.time ? `logged ${log.time.toISOString()}` : 'logged';
  return `${time} ${log.index === undefined ? `in ${id}` : `as entry ${log.index} of ${id}`}`;
}

/** Since the content date or the first signature, whichever is earlier. */
export function ageLines({ ageDays, limitDays }: Freshness): string[] {
  return ageDays === undefined ? [] : [`   age: ${Math.floor(ageDays)} days (limit ${limitDays})`];
}

export function freshnessLines({ ageDays, limitDays, isStale }: Freshness): string[] {
  return isStale && ageDays !== undefined
    ? [note(`this release is ${Math.floor(ageDays)} days old; the profile expects a new one every ${limitDays} days`)]
    : [];
}
