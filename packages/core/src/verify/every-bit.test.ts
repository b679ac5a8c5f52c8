import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import { exitCodes } from '../errors/error-code.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { parseJson } from '../oci/parse-json.ts';
import type { TestRekorBundle } from '../testing/test-log.ts';
import { createTestSigner } from '../testing/test-signer.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import { pinnedLog } from '../trust/transparency-log.ts';
import type { Trust } from '../trust/trust.ts';
import { verifySignatures } from './verify-signatures.ts';

const RELEASES = new URL('../../../../../shared/fixtures/dangerzone-releases/', import.meta.url);
const hasReleases = existsSync(RELEASES);
if (!hasReleases) console.warn('Skipped: the real signatures are not there (../shared/fixtures/dangerzone-releases).');

/** A whole signature: what the registry gave, and the trust that accepts it. */
interface Specimen {
  readonly digest: Digest;
  readonly trust: Trust;
  readonly payload: Buffer;
  readonly signature: string;
  readonly bundle: TestRekorBundle;
}

const image = 'registry.example.org/team/sandbox';
const readKey = (pem: string | Buffer) => parsePublicKey(Buffer.from(pem as string), 'of the test');

function madeHere(): Specimen {
  const signer = createTestSigner({ image });
  const digest = digestOf(Buffer.from('the image'));
  const trust = {
    image,
    threshold: 1,
    keys: [readKey(signer.publicKeyPem)],
    logs: [pinnedLog(readKey(signer.logPublicKeyPem))],
  };
  const { payload, ...signed } = signer.sign({ digest, logIndex: 2_086_326_142 });
  return { digest, trust, payload: Buffer.from(payload), ...signed };
}

function released(): Specimen[] {
  if (!hasReleases) return [];
  const read = (path: string) => readFileSync(new URL(path, RELEASES));
  const trust = {
    image: 'ghcr.io/freedomofpress/dangerzone/v1',
    threshold: 1,
    keys: [readKey(read('freedomofpress-dangerzone.pub'))],
    logs: [pinnedLog(readKey(read('rekor.pub')))],
  };
  const folders = readdirSync(RELEASES).filter((name) => /^\d/.test(name));
  return folders.flatMap((release) =>
    readdirSync(new URL(`${release}/`, RELEASES)).map((hex) => {
      const { annotations } = JSON.parse(read(`${release}/${hex}/MANIFEST`).toString()).layers[0];
      return {
        digest: `sha256:${hex}` as const,
        trust,
        payload: read(`${release}/${hex}/PAYLOAD_BLOB`),
        signature: annotations['dev.cosignproject.cosign/signature'],
        bundle: JSON.parse(annotations['dev.sigstore.cosign/bundle']),
      };
    }),
  );
}

/** Each way to change one bit, by what the bit is in: the place, how many bits, and the specimen with one changed. */
type Place = readonly [
  name: string,
  bits: (from: Specimen) => number,
  change: (from: Specimen, bit: number) => Specimen,
];

const flip = (bytes: Buffer, bit: number) => {
  const changed = Buffer.from(bytes);
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
};
const flipCoded = (text: string, bit: number, coding: 'base64' | 'hex' | 'latin1') =>
  flip(Buffer.from(text, coding), bit).toString(coding);
const bitsOf = (text: string, coding: 'base64' | 'hex' | 'latin1') => Buffer.from(text, coding).length * 8;
const flipNumber = (value: number, bit: number) => Number(BigInt(value) ^ (1n << BigInt(bit)));
const change = (from: Specimen, members: Partial<TestRekorBundle['Payload']>): Specimen => ({
  ...from,
  bundle: { ...from.bundle, Payload: { ...from.bundle.Payload, ...members } },
});
const promised = (from: Specimen, SignedEntryTimestamp: string): Specimen => ({
  ...from,
  bundle: { ...from.bundle, SignedEntryTimestamp },
});
const reparse = (from: Specimen, text: Buffer): Specimen => ({
  ...from,
  bundle: parseJson(text, { where: 'bundle', code: 'SIGNATURE_MALFORMED' }) as TestRekorBundle,
});

const places: readonly Place[] = [
  ['the payload', ({ payload }) => payload.length * 8, (from, bit) => ({ ...from, payload: flip(from.payload, bit) })],
  [
    'the signature',
    ({ signature }) => bitsOf(signature, 'base64'),
    (from, bit) => ({ ...from, signature: flipCoded(from.signature, bit, 'base64') }),
  ],
  [
    'the text of the signature',
    ({ signature }) => bitsOf(signature, 'latin1'),
    (from, bit) => ({ ...from, signature: flipCoded(from.signature, bit, 'latin1') }),
  ],
  [
    'the promise',
    ({ bundle }) => bitsOf(bundle.SignedEntryTimestamp, 'base64'),
    (from, bit) => promised(from, flipCoded(from.bundle.SignedEntryTimestamp, bit, 'base64')),
  ],
  [
    'the body',
    ({ bundle }) => bitsOf(bundle.Payload.body, 'base64'),
    (from, bit) => change(from, { body: flipCoded(from.bundle.Payload.body, bit, 'base64') }),
  ],
  [
    'the log ID',
    ({ bundle }) => bitsOf(bundle.Payload.logID, 'hex'),
    (from, bit) => change(from, { logID: flipCoded(from.bundle.Payload.logID, bit, 'hex') }),
  ],
  ['the log index', () => 53, (from, bit) => change(from, { logIndex: flipNumber(from.bundle.Payload.logIndex, bit) })],
  [
    'the time',
    () => 53,
    (from, bit) => change(from, { integratedTime: flipNumber(from.bundle.Payload.integratedTime, bit) }),
  ],
  [
    'the text of the entry',
    ({ bundle }) => Buffer.from(JSON.stringify(bundle)).length * 8,
    (from, bit) => reparse(from, flip(Buffer.from(JSON.stringify(from.bundle)), bit)),
  ],
  [
    'the digest asked for',
    ({ digest }) => bitsOf(digest.slice(7), 'hex'),
    (from, bit) => ({ ...from, digest: `sha256:${flipCoded(from.digest.slice(7), bit, 'hex')}` }),
  ],
];

const REFUSALS = [exitCodes.SIGNATURE_INVALID, exitCodes.SIGNATURE_MALFORMED] as readonly number[];

/** True when refused as untrusted or malformed; acceptance and every other error are findings. */
function isRefused(action: () => Specimen): boolean {
  try {
    const { digest, trust, ...found } = action();
    verifySignatures([found], digest, trust);
    return false;
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined || !REFUSALS.includes(exitCodes[code])) throw error;
    return true;
  }
}

const expectAllRefused = (from: Specimen, [, , changeBit]: Place, bits: Iterable<number>) => {
  const accepted = [...bits].filter((bit) => !isRefused(() => changeBit(from, bit)));
  expect(accepted).toEqual([]);
};

// mulberry32: small and seeded, so that a finding can be repeated.
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('one changed bit of a signature made here', () => {
  const specimen = madeHere();
  it('is all that separates it from an accepted one', () => expect(isRefused(() => specimen)).toBe(false));
  it.each(places)('in %s is refused, every bit', (...place) => {
    expectAllRefused(specimen, place, Array(place[1](specimen)).keys());
  });
});

describe.skipIf(!hasReleases)('one changed bit of a real signature', () => {
  const [first, ...others] = released();
  const seed = Number(process.env.BIT_SEED ?? Date.now() % 2 ** 31);
  if (hasReleases) console.info(`The sample of bits is that of BIT_SEED=${seed}.`);

  it('is all that separates it from an accepted one', () => {
    expect(others).toHaveLength(8);
    for (const specimen of [first as Specimen, ...others]) expect(isRefused(() => specimen)).toBe(false);
  });

  it.each(places)('in %s is refused, every bit of one signature', (...place) => {
    expectAllRefused(first as Specimen, place, Array(place[1](first as Specimen)).keys());
  });

  it.each(places)('in %s is refused, a sample of the others', (...place) => {
    const random = randomFrom(seed);
    for (const specimen of others) {
      const bits = place[1](specimen);
      expectAllRefused(
        specimen,
        place,
        Array.from({ length: 40 }, () => Math.floor(random() * bits)),
      );
    }
  });
});
