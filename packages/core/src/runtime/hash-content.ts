import { createHash } from 'node:crypto';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import type { Digest } from '../oci/digest.ts';

export interface ContentHashes {
  /** Of the bytes as they are. */
  readonly digest: Digest;
  /** Of what they hold when they are gzip (RFC 1952) or zstd (RFC 8878), whole and without a fault: a layer's DiffID. */
  readonly unpacked?: Digest;
}

const CHUNK_BYTES = 1024 * 1024;
/** More than any layer has: a few bytes may say that they unpack to no end. */
const MAX_UNPACKED_BYTES = 64 * 1024 ** 3;
const MAGIC_BYTES = 4;

/** Hashes content as it comes by, packed and unpacked at once; of neither more than a chunk is kept. */
export async function hashContent(content: AsyncIterable<Uint8Array>): Promise<ContentHashes> {
  const hash = createHash('sha256');
  const chunks = content[Symbol.asyncIterator]();
  const next = async (): Promise<Uint8Array | undefined> => {
    const { done, value } = await chunks.next();
    if (done) return undefined;
    hash.update(value);
    return value;
  };
  let head: Uint8Array = Buffer.alloc(0);
  while (head.length < MAGIC_BYTES) {
    const chunk = await next();
    if (!chunk) break;
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
  }
  let broken: { readonly error: unknown } | undefined;
  const all = async function* () {
    yield head;
    try {
      for (let chunk = await next(); chunk; chunk = await next()) yield chunk;
    } catch (error) {
      broken = { error };
      throw error;
    }
  };
  const unpacked = await hashUnpacked(head, all);
  if (broken) throw broken.error;
  while (await next()); // what is no content of that format is hashed as it is
  return { digest: `sha256:${hash.digest('hex')}`, ...(unpacked && { unpacked }) };
}

async function hashUnpacked(head: Uint8Array, all: () => AsyncIterable<Uint8Array>): Promise<Digest | undefined> {
  const unpack = unpackerFor(head);
  if (!unpack) return undefined;
  const hash = createHash('sha256');
  let size = 0;
  try {
    await pipeline(keepOpen(all()), unpack, async (unpacked: AsyncIterable<Uint8Array>) => {
      for await (const chunk of unpacked) {
        size += chunk.length;
        if (size > MAX_UNPACKED_BYTES) throw new RangeError('more than any layer has');
        hash.update(chunk);
      }
    });
  } catch {
    return undefined; // its own digest says what it is; a source that broke off is told by whoever reads it
  }
  return `sha256:${hash.digest('hex')}`;
}

function unpackerFor(head: Uint8Array) {
  const magic = Buffer.from(head.subarray(0, MAGIC_BYTES)).toString('hex');
  if (magic.startsWith('1f8b')) return createGunzip({ chunkSize: CHUNK_BYTES });
  return magic === '28b52ffd' ? createZstdDecompress({ chunkSize: CHUNK_BYTES }) : undefined;
}

/** A fault in the middle ends the unpacking, not the source: the rest of it is still to be hashed. */
function keepOpen(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  return { [Symbol.asyncIterator]: () => ({ next: () => iterator.next() }) };
}
