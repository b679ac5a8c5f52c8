import { createHash } from 'node:crypto';
import { hostPlatform } from '@dangerzone-image/core';
import { buildTestArchive, buildTestImage, type TestArchiveForm } from '@dangerzone-image/core/testing';
import { describe, expect, it } from 'vitest';
import { loadOn, signer } from './machine.test-support.ts';

const image = buildTestImage({
  created: '2026-01-02T03:04:05Z',
  platforms: [hostPlatform()],
  layers: [{ 'bin/sandbox': 'x' }],
});
const own = image.manifestFor(hostPlatform());
const CASES = Number(process.env.ARCHIVE_CASES ?? 400);
const seed = process.env.ARCHIVE_SEED ?? `${Math.floor(Math.random() * 2 ** 32)}`;

/** Numbers that follow from the seed alone. */
function createDice(name: string): (sides: number) => number {
  let roll = 0;
  return (sides) => createHash('sha256').update(`${seed} ${name} ${roll++}`).digest().readUInt32BE() % sides;
}

type Change = (bytes: Buffer, dice: (sides: number) => number) => Buffer;

/** What happens to archives on bad media, in bad hands, and in other people’s tools. */
const changes: readonly Change[] = [
  (bytes, dice) => {
    const at = dice(bytes.length);
    bytes[at] = dice(256);
    return bytes;
  },
  (bytes, dice) => bytes.subarray(0, dice(bytes.length)),
  (bytes, dice) => {
    const block = () => 512 * dice(bytes.length / 512);
    const [from, to] = [block(), block()];
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from, from + 512 * (1 + dice(4))), bytes.subarray(to)]);
  },
  (bytes, dice) => {
    const at = 512 * dice(bytes.length / 512);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 512)]);
  },
  (bytes, dice) => {
    const [one, two] = [512 * dice(bytes.length / 512), 512 * dice(bytes.length / 512)];
    const kept = Buffer.from(bytes.subarray(one, one + 512));
    bytes.copy(bytes, one, two, two + 512);
    kept.copy(bytes, two);
    return bytes;
  },
  // A byte of a header, with its checksum made to fit: what only a person would do.
  (bytes, dice) => {
    const headers = [...Array(bytes.length / 512).keys()].filter(
      (block) => bytes.toString('latin1', block * 512 + 257, block * 512 + 262) === 'ustar',
    );
    const at = 512 * (headers[dice(headers.length)] ?? 0);
    bytes[at + dice(512)] = dice(256);
    const header = bytes.subarray(at, at + 512);
    header.write(' '.repeat(8), 148);
    const sum = header.reduce((total, byte) => total + byte, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return bytes;
  },
];

/** Either it is refused and nothing is there, or what is there is exactly the verified image. */
async function holds(bytes: Buffer): Promise<boolean> {
  const { code, inspected, installed } = await loadOn(bytes);
  if (inspected !== code) return false;
  return code === undefined ? installed.length === 1 && installed[0] === own.config.digest : installed.length === 0;
}

describe('a changed archive', () => {
  it.each<TestArchiveForm>(['ours', 'dangerzone', 'cosign-save'])(
    `is refused, or is the verified image all the same: %s, ${CASES} changes, seed ${seed}`,
    async (form) => {
      const dice = createDice(form);
      for (let count = 0; count < CASES; count++) {
        let bytes: Buffer = Buffer.from(buildTestArchive(image, { form, signers: [signer] }));
        for (let more = dice(3); more >= 0; more--) {
          const change = changes[dice(changes.length)] as Change;
          bytes = Buffer.from(change(bytes, dice));
          if (bytes.length < 1024) break;
          bytes = bytes.subarray(0, bytes.length - (bytes.length % 512));
        }
        expect(await holds(bytes), `case ${count} of seed ${seed}`).toBe(true);
      }
    },
  );
});
