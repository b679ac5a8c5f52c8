import { createCipheriv, createHash, type Hash, randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Digest } from '../../packages/core/dist/index.js';
import { buildTestImage, type Fault, type FaultHook, type TestImage } from '../../packages/core/dist/testing/index.js';
import { tarEnd, tarHeader, tarPadding } from '../../packages/core/src/runtime/tar-header.ts';

/** A layer in a file: never in this process's memory as a whole. */
interface LargeLayer {
  readonly file: string;
  readonly digest: Digest;
  readonly diffId: Digest;
  readonly size: number;
}

export interface LargeImage {
  readonly image: TestImage;
  /** Answers for the layers, which the registry itself does not have. */
  readonly hook: FaultHook;
  /** Digests of the layers. */
  readonly layers: readonly Digest[];
  /** Bytes of the layers. */
  readonly size: number;
}

const LAYER_TYPE = 'application/vnd.oci.image.layer.v1.tar+gzip';
const CHUNK = 1024 * 1024;

/**
 * An image of random files in gzip layers. What random bytes come to in gzip is stored blocks (RFC 1951, 3.2.4):
 * they are written so at once, and unpack faster than those of a real image.
 */
export async function createLargeImage(folder: string, bytes: number, created: Date, count = 4): Promise<LargeImage> {
  const layers: LargeLayer[] = [];
  for (let layer = 0; layer < count; layer += 1)
    layers.push(await writeLayer(join(folder, `layer-${bytes}-${layer}`), `data-${layer}`, Math.floor(bytes / count)));
  const descriptors = layers.map(({ digest, size }) => ({ mediaType: LAYER_TYPE, digest, size }));
  const image = buildTestImage({
    created,
    layers: [],
    config: { rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) } },
    manifest: { layers: descriptors },
  });
  const digests = layers.map(({ digest }) => digest);
  const size = layers.reduce((sum, layer) => sum + layer.size, 0);
  return { image, layers: digests, size, hook: async ({ path, headers }) => answerFor(layers, path, headers.range) };
}

async function writeLayer(file: string, name: string, bytes: number): Promise<LargeLayer> {
  const [tar, blob] = [createHash('sha256'), createHash('sha256')];
  let size = 0;
  const counted = async function* (source: AsyncIterable<Uint8Array>) {
    for await (const chunk of source) {
      size += chunk.length;
      yield chunk;
    }
  };
  await pipeline(
    () => hashed(layerTar(name, bytes), tar),
    createGzip({ level: 0, chunkSize: CHUNK }),
    (source) => counted(hashed(source, blob)),
    createWriteStream(file),
  );
  return { file, size, digest: `sha256:${blob.digest('hex')}`, diffId: `sha256:${tar.digest('hex')}` };
}

/** A tar with one file of random bytes: a cipher's key stream, which is made faster than it is written. */
async function* layerTar(name: string, bytes: number): AsyncGenerator<Uint8Array> {
  const cipher = createCipheriv('aes-128-ctr', randomBytes(16), randomBytes(16));
  const zeros = Buffer.alloc(CHUNK);
  yield tarHeader(name, bytes);
  for (let left = bytes; left > 0; left -= CHUNK) yield cipher.update(zeros.subarray(0, Math.min(left, CHUNK)));
  yield tarPadding(bytes);
  yield tarEnd();
}

async function* hashed(source: AsyncIterable<Uint8Array>, hash: Hash): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    hash.update(chunk);
    yield chunk;
  }
}

function answerFor(layers: readonly LargeLayer[], path: string, range: string | undefined): Fault | undefined {
  const layer = layers.find(({ digest }) => path.endsWith(`/blobs/${digest}`));
  if (!layer) return undefined;
  const [, from] = /^bytes=(\d+)-$/.exec(range ?? '') ?? [];
  const start = Number(from ?? 0);
  const { file, size, digest } = layer;
  const headers = {
    'content-type': 'application/octet-stream',
    'docker-content-digest': digest,
    'accept-ranges': 'bytes',
    ...(from && { 'content-range': `bytes ${start}-${size - 1}/${size}` }),
  };
  const body = readFrom(file, start);
  return { status: from ? 206 : 200, headers, contentLength: size - start, body };
}

/** By one buffer, free again when the next chunk is asked for: the registry shares its cores with what is measured. */
async function* readFrom(path: string, start: number): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafeSlow(CHUNK);
    for (let at = start; ; ) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK, at);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}
