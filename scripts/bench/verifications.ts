import { randomBytes, verify } from 'node:crypto';
import { digestOf, parsePublicKey, pinnedLog, type Trust, verifySignatures } from '../../packages/core/dist/index.js';
import { createTestSigner } from '../../packages/core/dist/testing/index.js';
import { atLeast, type Table } from './figures.ts';
import { interleave, type Samples } from './interleave.ts';

const ROUNDS = 150;
// Short enough to pass undisturbed now and then on a machine that others use too.
const SLICE_MS = 10;
const SIGNATURES = 200;

/** How many stored signatures one core verifies in a second, in this process, with nothing left to load. */
export async function measureVerifications(): Promise<Table> {
  const image = 'registry.example.org/team/sandbox';
  const signer = createTestSigner({ image });
  const key = parsePublicKey(Buffer.from(signer.publicKeyPem), 'key');
  const logs = [pinnedLog(parsePublicKey(Buffer.from(signer.logPublicKeyPem), 'log key'))];
  const trust: Trust = { image, keys: [key], threshold: 1, logs };
  const signed = Array.from({ length: SIGNATURES }, () => {
    const digest = digestOf(randomBytes(32));
    const { payload, signature, bundle } = signer.sign({ digest });
    return { digest, payload, raw: Buffer.from(signature, 'base64'), found: [{ payload, signature, bundle }] };
  });
  const twice = (payload: Uint8Array, signature: Uint8Array) => {
    for (let check = 0; check < 2; check += 1)
      if (!verify('sha256', payload, key.keyObject, signature)) throw new Error('a good signature did not verify');
  };
  const samples = await interleave(
    {
      floor: async () => timeOfOne((at) => twice(signed[at]?.payload as Uint8Array, signed[at]?.raw as Buffer)),
      ours: async () => {
        const one = (at: number) => signed[at] as (typeof signed)[number];
        return timeOfOne((at) => verifySignatures(one(at).found, one(at).digest, trust));
      },
    },
    ROUNDS,
  );
  const rate = (ms: number) => Math.round(1000 / ms);
  const perSecond = ({ least, median }: Samples) =>
    `${rate(least).toLocaleString('en')}/s, median ${rate(median).toLocaleString('en')}/s`;
  return {
    title: 'Signature verifications per second, one core',
    meaning: [
      'Each is two ECDSA P-256 checks, of the payload and of the log’s promise (SET), with all parsing and comparing;',
      `keys are parsed once, ${SIGNATURES} different signatures in turn. Beside it: the two checks alone, by node:crypto. Higher is better.`,
    ],
    rows: [
      { job: 'the two checks alone', ratio: 1, measured: perSecond(samples.floor) },
      {
        job: 'verifySignatures',
        ratio: samples.floor.least / samples.ours.least,
        measured: perSecond(samples.ours),
        target: atLeast(4000, rate(samples.ours.least), '/s'),
      },
    ],
  };
}

/** In milliseconds, over a slice of time that is long beside the clock’s steps. */
async function timeOfOne(work: (at: number) => void): Promise<number> {
  const begin = performance.now();
  let done = 0;
  while (performance.now() - begin < SLICE_MS) {
    work(done % SIGNATURES);
    done += 1;
  }
  return (performance.now() - begin) / done;
}
