import { describe, expect, it } from 'vitest';
import { digestOf } from '../oci/digest.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import { pinnedLog } from '../trust/transparency-log.ts';
import type { Trust } from '../trust/trust.ts';
import { verifySignatures } from '../verify/verify-signatures.ts';
import { createTestLog } from './test-log.ts';
import { createTestSigner, type TestSigner } from './test-signer.ts';

const image = 'registry.example.org/team/sandbox';
const digest = digestOf(Buffer.from('an image'));

function trustIn(signer: TestSigner): Trust {
  const read = (pem: string) => parsePublicKey(Buffer.from(pem), 'test key');
  return { image, keys: [read(signer.publicKeyPem)], threshold: 1, logs: [pinnedLog(read(signer.logPublicKeyPem))] };
}

describe('createTestSigner', () => {
  it('makes signatures that verification accepts with index and time', () => {
    const signer = createTestSigner({ image, firstIndex: 7 });
    const time = new Date('2026-02-03T04:05:06Z');
    const { verdicts } = verifySignatures([signer.sign({ digest, time })], digest, trustIn(signer));
    expect(verdicts).toEqual([
      { verdict: 'accepted', digest, key: signer.fingerprint, log: { id: signer.logId, index: 7, time } },
    ]);
  });

  it('counts the log index up, also after an index that was asked for', () => {
    const signer = createTestSigner({ image });
    const indexes = [undefined, undefined, 5000, undefined].map(
      (logIndex) => signer.sign({ digest, logIndex }).bundle.Payload.logIndex,
    );
    expect(indexes).toEqual([1000, 1001, 5000, 5001]);
  });

  it('logs a signature again with a higher index', () => {
    const signer = createTestSigner({ image });
    const again = signer.logAgain(signer.sign({ digest }), { logIndex: 9000 });
    const { verdicts } = verifySignatures([again], digest, trustIn(signer));
    expect(verdicts).toMatchObject([{ verdict: 'accepted', log: { index: 9000 } }]);
  });

  it('lets signers share a log, each with its own key', () => {
    const log = createTestLog();
    const [old, current] = [createTestSigner({ image, log }), createTestSigner({ image, log })];
    expect(old.logId).toBe(current.logId);
    expect(old.fingerprint).not.toBe(current.fingerprint);
    const found = [old.sign({ digest }), current.sign({ digest })];
    expect(verifySignatures(found, digest, trustIn(current)).verdicts.map(({ verdict }) => verdict)).toEqual([
      'foreign',
      'accepted',
    ]);
  });
});
