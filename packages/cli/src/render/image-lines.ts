import type { Freshness, ImageFacts, SignatureVerdict } from '@dangerzone-image/core';

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
    const { key, log } = signature;
    const logged = log
      ? `, logged ${log.time.toISOString()} as entry ${log.index} of log ${log.id.slice(0, SHOWN_OF_KEY)}…`
      : ', in no log';
    return ok(`signed by the trusted key ${key.slice(0, SHOWN_OF_KEY)}…${logged}`);
  });
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
