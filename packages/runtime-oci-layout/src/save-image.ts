import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import {
  CodedError,
  type Digest,
  hexOf,
  mediaTypes,
  type RuntimeOptions,
  tarEnd,
  tarHeader,
  tarPadding,
} from '@dangerzone-image/core';
import type { OciLayout } from './oci-layout.ts';

const CHUNK_BYTES = 1024 * 1024;
/** A link could lead to a file of another size each time, and a pipe would never end. Windows has neither flag. */
const CAREFULLY = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** The image's blobs as they lie there, whatever their names say, as a tar of an OCI image layout. */
export async function* saveImage(
  layout: OciLayout,
  id: string,
  { signal }: RuntimeOptions = {},
): AsyncGenerator<Uint8Array> {
  signal?.throwIfAborted();
  const entry = (await layout.entries()).find(({ digest }) => digest === id);
  if (!entry) throw new CodedError('RUNTIME_FAILED', `${layout.path} has no image ${id}`);
  for (const digest of await layout.blobsOf(entry.digest)) yield* blobMember(layout, digest, signal);
  yield* member('oci-layout', { imageLayoutVersion: '1.0.0' });
  const { mediaType, digest, size } = entry;
  const manifests = [{ mediaType, digest, size }];
  yield* member('index.json', { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });
  yield tarEnd();
}

async function* blobMember(layout: OciLayout, digest: Digest, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  const path = layout.blobPath(digest);
  await using file = await open(path, CAREFULLY);
  const facts = await file.stat();
  if (!facts.isFile()) throw new CodedError('RUNTIME_FAILED', `${path} is no plain file`);
  yield tarHeader(`blobs/sha256/${hexOf(digest)}`, facts.size);
  for (let left = facts.size; left > 0; ) {
    signal?.throwIfAborted();
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(Math.min(CHUNK_BYTES, left)), 0);
    if (bytesRead === 0) throw new CodedError('RUNTIME_FAILED', `${path} became shorter while it was read`);
    left -= bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
  yield tarPadding(facts.size);
}

function* member(name: string, document: object): Iterable<Uint8Array> {
  const bytes = Buffer.from(JSON.stringify(document));
  yield tarHeader(name, bytes.length);
  yield bytes;
  yield tarPadding(bytes.length);
}
