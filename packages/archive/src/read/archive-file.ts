import { CodedError, type FetchOptions } from '@dangerzone-image/core';

/** An archive's bytes, behind one descriptor that stays open: whatever happens to the path, these are the ones. */
export interface ArchiveFile {
  /** For messages: escaped already. */
  readonly location: string;
  readonly size: number;
  /** Exactly these bytes, at the beginning of `into` where that is given. Throws where the file has got shorter meanwhile. */
  read(offset: number, length: number, into?: Buffer): Promise<Buffer>;
  close(): Promise<void>;
}

/** Larger ones cost 50 MB of memory that waits to be collected. */
const CHUNK_BYTES = 64 * 1024;
/** Of memory that is used again: the calls take a twentieth of the time. */
const TRANSIENT_BYTES = 1024 * 1024;

/** A stretch of the file in chunks; the next is read while the consumer works on the one before. */
export async function* readStretch(
  file: ArchiveFile,
  { offset, size }: { readonly offset: number; readonly size: number },
  { signal, isTransient = false }: FetchOptions = {},
): AsyncGenerator<Uint8Array> {
  const end = offset + size;
  const most = Math.min(isTransient ? TRANSIENT_BYTES : CHUNK_BYTES, size);
  const spare = isTransient ? [Buffer.allocUnsafeSlow(most), Buffer.allocUnsafeSlow(most)] : [];
  const readAt = (at: number) => {
    spare.reverse();
    return file.read(at, Math.min(most, end - at), spare[0]);
  };
  let ahead = size > 0 ? readAt(offset) : undefined;
  for (let at = offset; ahead; at += most) {
    signal?.throwIfAborted();
    const chunk: Buffer = await ahead;
    ahead = at + most < end ? readAt(at + most) : undefined;
    // Nobody may be waiting any more when it fails: whoever is gets the failure all the same.
    ahead?.catch(() => {});
    yield chunk;
  }
}

export interface FaultPlace {
  readonly location: string;
  /** The member's name as it stands in the archive, where one is at fault. */
  readonly member?: string;
  /** Of the header or byte at fault, from the beginning of the file. */
  readonly offset?: number;
}

/** What is wrong, with member and offset: whoever made the archive can look there. */
export function archiveInvalid({ location, member, offset }: FaultPlace, why: string, cause?: unknown): CodedError {
  const at = [
    ...(member === undefined ? [] : [`member ${member}`]),
    ...(offset === undefined ? [] : [`byte ${offset}`]),
  ];
  return new CodedError('ARCHIVE_INVALID', `${location}${at.length > 0 ? `, ${at.join(' at ')}` : ''}: ${why}`, {
    suggestions: ['Copy the archive again, or have it made again: dangerzone-image prepare-archive'],
    details: { ...(member !== undefined && { member }), ...(offset !== undefined && { offset }) },
    ...(cause !== undefined && { cause }),
  });
}
