import { expect, it } from 'vitest';
import { digestOf } from '../oci/digest.ts';
import { parseReference } from '../oci/reference.ts';
import { memorySource } from '../testing/memory-source.ts';
import { bundlesOnce } from './bundles-once.ts';

const image = parseReference('registry.example.org/team/sandbox');
const [one, two] = ['one', 'two'].map((text) => digestOf(Buffer.from(text)));

it('bundles of a digest are looked for once, of another by itself, and again after a failure', async () => {
  const asked: string[] = [];
  const findBundles = async (_: unknown, digest: string) => {
    asked.push(digest);
    if (asked.length === 1) throw new Error('no answer');
    return [];
  };
  const source = bundlesOnce({ ...memorySource([]), findBundles });
  await expect(source.findBundles(image, one as never)).rejects.toThrow('no answer');
  for (const digest of [one, one, two]) expect(await source.findBundles(image, digest as never)).toEqual([]);
  expect(asked).toEqual([one, one, two]);
});
