import type { FetchOptions } from './image-source.ts';

/** Larger ones cost 50 MB of memory that waits to be collected. */
const CHUNK_BYTES = 64 * 1024;
/** Of memory that is used again: the calls take a twentieth of the time. */
const TRANSIENT_BYTES = 1024 * 1024;
/** Two that were handed out, and one that is read into. */
const TRANSIENT_BUFFERS = 3;

/** What can be read at any place: `length` bytes from `offset` on, at the beginning of `into` where that is given. */
export interface SeekableFile {
  read(offset: number, length: number, into?: Buffer): Promise<Buffer>;
}

/** A stretch of a file in chunks, bytes; the next is read while the consumer works on the one before. */
export async function* readStretch(
  file: SeekableFile,
  { offset, size }: { readonly offset: number; readonly size: number },
  { signal, isTransient = false }: FetchOptions = {},
): AsyncGenerator<Uint8Array> {
  const end = offset + size;
  const most = Math.min(isTransient ? TRANSIENT_BYTES : CHUNK_BYTES, size);
  const buffers = isTransient ? Array.from({ length: TRANSIENT_BUFFERS }, () => Buffer.allocUnsafeSlow(most)) : [];
  let reads = 0;
  const readAt = (at: number) => file.read(at, Math.min(most, end - at), buffers[reads++ % TRANSIENT_BUFFERS]);
  const begin = (at: number): Promise<Buffer> | undefined => {
    if (at >= end) return undefined;
    const reading = readAt(at);
    // Nobody may be waiting any more when it fails: whoever is gets the failure all the same.
    reading.catch(() => {});
    return reading;
  };
  let ahead = begin(offset);
  for (let at = offset; ahead; at += most) {
    signal?.throwIfAborted();
    const chunk = await ahead;
    ahead = begin(at + most);
    yield chunk;
  }
}
