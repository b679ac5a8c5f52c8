import { describe, expect, it } from 'vitest';
import { CodedError } from '../errors/coded-error.ts';
import type { ErrorCode } from '../errors/error-code.ts';
import { digestOf } from '../oci/digest.ts';
import { parseReference } from '../oci/reference.ts';
import type { LegacySignature } from '../verify/legacy-signature.ts';
import type { ImageSource } from './image-source.ts';
import { readVerified, streamVerified } from './read-verified.ts';
import { sourceChain } from './source-chain.ts';

const reference = parseReference('registry.example.org/team/sandbox:latest');
const bytes = Buffer.from('content');
const digest = digestOf(bytes);
const wanted = { kind: 'blob', repository: reference.repository, digest, limit: 100 } as const;
const signature: LegacySignature = { payload: bytes, signature: 'c2ln', bundle: undefined };

/** A source that gives one answer to everything: content, nothing, or an error, perhaps after some bytes. */
interface Script {
  readonly error?: ErrorCode | Error;
  readonly after?: string;
  readonly content?: string;
  readonly signatures?: readonly LegacySignature[];
}

function scripted(scripts: readonly Script[]) {
  const asked: number[] = [];
  const failOf = ({ error }: Script) =>
    typeof error === 'string' ? new CodedError(error, `says ${error}`, { suggestions: ['a way out'] }) : error;
  const sources = scripts.map((script, position): ImageSource => {
    const ask = () => {
      asked.push(position);
      const error = failOf(script);
      if (error && script.after === undefined) throw error;
    };
    return {
      location: `source ${position}`,
      async resolve() {
        ask();
        return digest;
      },
      async *fetch() {
        ask();
        yield Buffer.from(script.after ?? script.content ?? 'content');
        if (script.after !== undefined) throw failOf(script);
      },
      async findSignatures() {
        ask();
        return script.signatures ?? [];
      },
      async findBundles() {
        ask();
        return (script.signatures ?? []).map(({ payload }) => ({ mediaType: 'a bundle', bytes: payload }));
      },
      async findAttestations() {
        ask();
        return (script.signatures ?? []).map(({ payload, bundle }) => ({
          envelope: payload,
          certificate: undefined,
          bundle,
        }));
      },
    };
  });
  return { asked, chain: sourceChain(sources) };
}

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _chunk of chunks);
}

describe('sourceChain', () => {
  it('is the source itself when there is one', () => {
    const { chain } = scripted([{}]);
    expect(chain.location).toBe('source 0');
    expect(() => sourceChain([])).toThrow(TypeError);
  });

  it.each<[string, Script[], number[]]>([
    ['the first one answers', [{}, {}], [0]],
    ['the first one is down', [{ error: 'REGISTRY_UNREACHABLE' }, {}], [0, 1]],
    ['the first one does not have it', [{ error: 'IMAGE_NOT_FOUND' }, {}, {}], [0, 1]],
    ['the first one denies', [{ error: 'REGISTRY_DENIED' }, {}], [0, 1]],
    ['the first one sends rubbish', [{ error: 'MANIFEST_INVALID' }, {}], [0, 1]],
  ])('asks in order: %s', async (_name, scripts, expected) => {
    const { chain, asked } = scripted(scripts);
    expect(await chain.resolve(reference)).toBe(digest);
    expect(asked.splice(0)).toEqual(expected);
    expect(await readVerified(chain, wanted)).toEqual(bytes);
    expect(asked).toEqual(expected);
  });

  it.each<[string, ErrorCode | Error]>([
    ['a usage error', 'USAGE'],
    ['an interrupt', 'INTERRUPTED'],
    ['an abort', new DOMException('stop', 'AbortError')],
    ['a bug', new TypeError('bug')],
  ])('asks nobody else after %s', async (_name, error) => {
    const { chain, asked } = scripted([{ error }, { signatures: [signature] }]);
    const expected = typeof error === 'string' ? { code: error } : error;
    await expect(chain.resolve(reference)).rejects.toMatchObject(expected);
    await expect(readVerified(chain, wanted)).rejects.toMatchObject(expected);
    await expect(chain.findSignatures(reference, digest)).rejects.toMatchObject(expected);
    expect(asked).toEqual([0, 0, 0]);
  });

  it('never puts content together from two sources', async () => {
    const { chain, asked } = scripted([{ error: 'REGISTRY_UNREACHABLE', after: 'con' }, { content: 'tent' }]);
    await expect(readAll(chain.fetch(wanted))).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    expect(asked.splice(0)).toEqual([0]);
    await expect(readVerified(chain, wanted)).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    expect(asked).toEqual([0, 1]);
  });

  it('stops at streamed content that proves to be wrong: it is out already', async () => {
    const { chain, asked } = scripted([{ content: 'CONTENT' }, {}]);
    const reading = (async () => {
      for await (const _chunk of streamVerified(chain, wanted)) asked.push(-1);
    })();
    await expect(reading).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(asked).toEqual([0, -1]);
  });

  it.each<[string, Script[], number[]]>([
    ['is wrong', [{ content: 'CONTENT' }, {}], [0, 1]],
    ['is too long', [{ content: 'content and more' }, {}, {}], [0, 1]],
    ['breaks off', [{ error: 'REGISTRY_UNREACHABLE', after: 'con' }, {}], [0, 1]],
  ])('reads small content at the next place where that of one %s', async (_name, scripts, expected) => {
    const { chain, asked } = scripted(scripts);
    expect(await readVerified(chain, wanted)).toEqual(bytes);
    expect(asked).toEqual(expected);
  });

  it('calls it untrusted when every place sends wrong bytes, or the only other one has none', async () => {
    const untrusted = { code: 'DIGEST_MISMATCH' };
    await expect(readVerified(scripted([{ content: 'a' }, { content: 'b' }]).chain, wanted)).rejects.toMatchObject(
      untrusted,
    );
    const { chain } = scripted([{ error: 'IMAGE_NOT_FOUND' }, { content: 'b' }]);
    await expect(readVerified(chain, wanted)).rejects.toMatchObject(untrusted);
  });

  it.each<[string, Script[], ErrorCode]>([
    ['"not found" when all say so', [{ error: 'IMAGE_NOT_FOUND' }, { error: 'IMAGE_NOT_FOUND' }], 'IMAGE_NOT_FOUND'],
    [
      'what failed when not all could say',
      [{ error: 'IMAGE_NOT_FOUND' }, { error: 'REGISTRY_UNREACHABLE' }],
      'REGISTRY_UNREACHABLE',
    ],
    ['what failed first', [{ error: 'REGISTRY_DENIED' }, { error: 'REGISTRY_UNREACHABLE' }], 'REGISTRY_DENIED'],
  ])('says %s, with the reason of each', async (_name, scripts, code) => {
    const { chain } = scripted(scripts);
    const failed = { code, suggestions: ['a way out'] };
    const error = (await chain.resolve(reference).catch((thrown: unknown) => thrown)) as Error;
    expect(error).toMatchObject(failed);
    for (const script of scripts) expect(error.message).toContain(`says ${script.error}`);
    await expect(readVerified(chain, wanted)).rejects.toMatchObject(failed);
  });

  it.each<[string, Script[], number | ErrorCode, number[]]>([
    ['the first has some', [{ signatures: [signature] }, { error: 'REGISTRY_UNREACHABLE' }], 1, [0]],
    ['the first has none', [{}, { signatures: [signature] }], 1, [0, 1]],
    [
      'the first fails, the second has some',
      [{ error: 'REGISTRY_UNREACHABLE' }, { signatures: [signature] }],
      1,
      [0, 1],
    ],
    [
      'the first has a wrong payload, the second has some',
      [{ error: 'DIGEST_MISMATCH' }, { signatures: [signature] }],
      1,
      [0, 1],
    ],
    [
      'the first has an empty manifest, the second has some',
      [{ error: 'SIGNATURE_MISSING' }, { signatures: [signature] }],
      1,
      [0, 1],
    ],
    ['all say none', [{}, {}], 0, [0, 1]],
    ['one says none, the last fails', [{}, { error: 'REGISTRY_UNREACHABLE' }], 'REGISTRY_UNREACHABLE', [0, 1]],
    ['one fails, the last says none', [{ error: 'REGISTRY_UNREACHABLE' }, {}], 'REGISTRY_UNREACHABLE', [0, 1]],
    [
      'one fails, the last has an empty manifest',
      [{ error: 'REGISTRY_DENIED' }, { error: 'SIGNATURE_MISSING' }],
      'REGISTRY_DENIED',
      [0, 1],
    ],
    [
      'one has an empty manifest, the last fails',
      [{ error: 'SIGNATURE_MISSING' }, { error: 'REGISTRY_DENIED' }],
      'REGISTRY_DENIED',
      [0, 1],
    ],
    [
      'one says none, the last has an empty manifest',
      [{}, { error: 'SIGNATURE_MISSING' }],
      'SIGNATURE_MISSING',
      [0, 1],
    ],
  ])('looks for signatures, bundles and attestations: %s', async (_name, scripts, expected, order) => {
    for (const look of ['findSignatures', 'findBundles', 'findAttestations'] as const) {
      const { chain, asked } = scripted(scripts);
      const looking = chain[look](reference, digest);
      if (typeof expected === 'number') expect(await looking).toHaveLength(expected);
      else await expect(looking).rejects.toMatchObject({ code: expected });
      expect(asked).toEqual(order);
    }
  });
});
