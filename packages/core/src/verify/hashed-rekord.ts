import { createHash } from 'node:crypto';
import type { TrustedKey } from '../trust/public-key.ts';

/**
 * The one canonical body that Rekor v1 writes for a signature over a payload: kind `hashedrekord` 0.0.1 (Rekor's
 * hashedrekord_v0_0_1_schema.json, canonical JSON of RFC 8785). We rebuild it and compare bytes, so that an entry for
 * another key, signature or payload, or one that merely reads alike, is never taken for ours.
 */
export function hashedRekordBody(payload: Uint8Array, signature: string, key: TrustedKey): Buffer {
  const value = createHash('sha256').update(payload).digest('hex');
  return Buffer.from(
    JSON.stringify({
      apiVersion: '0.0.1',
      kind: 'hashedrekord',
      spec: {
        data: { hash: { algorithm: 'sha256', value } },
        signature: { content: signature, publicKey: { content: key.entryContent } },
      },
    }),
  );
}
