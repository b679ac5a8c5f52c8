import { createHash } from 'node:crypto';
import {
  CodedError,
  type Digest,
  type FetchOptions,
  findBundles,
  findCosignSignatures,
  type ImageArchive,
  type ProveOptions,
  readStretch,
} from '@dangerzone-image/core';
import { type ArchiveFile, archiveInvalid } from './archive-file.ts';
import { type ArchiveReader, blobOf, blobsOf, openReader, requireDigest } from './archive-reader.ts';
import { findAttestations } from './find-attestations.ts';
import { type OpenFileOptions, openArchiveFile } from './open-archive-file.ts';
import { type Contents, readContents } from './read-contents.ts';
import { readListing } from './read-listing.ts';
import { readTuf } from './read-tuf.ts';

/** An archive, or `-`: read strictly, and a source of one image from here on. Whoever opens it closes it. */
export async function openArchive(path: string, options: OpenFileOptions = {}): Promise<ImageArchive> {
  const file = await openArchiveFile(path, options);
  try {
    const reader = await openReader(file);
    const contents = await readContents(reader, await readListing(reader));
    return { ...archiveSource(reader, contents), tuf: await readTuf(reader) };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function archiveSource(reader: ArchiveReader, contents: Contents): ImageArchive {
  const { file } = reader;
  const archive: ImageArchive = {
    location: file.location,
    digest: contents.root.digest,
    bytes: file.size,
    platforms: contents.images.map(({ platform }) => platform),
    resolve: async () => contents.root.digest,
    fetch: ({ digest }, options) => readBlob(reader, digest, options),
    async findSignatures({ repository }, digest, { signal = NEVER } = {}) {
      const readTag = async () => contents.signatures.get(digest) ?? Promise.reject(notThere(file, digest));
      return findCosignSignatures({ source: archive, readTag, repository, digest, signal });
    },
    findBundles: ({ repository }, digest, { signal = NEVER } = {}) =>
      findBundles(contents.bundles.get(digest) ?? [], { source: archive, repository, digest, signal }),
    findAttestations: ({ repository }, digest, { signal = NEVER } = {}) =>
      findAttestations(archive, contents, { repository, digest, signal }),
    prove: (signed, options) => prove(reader, contents, signed, options),
    close: () => file.close(),
  };
  return archive;
}

const NEVER = new AbortController().signal;

/** From the descriptor that was opened first; whether the bytes are still the same, who reads them must see. */
async function* readBlob(reader: ArchiveReader, digest: Digest, options?: FetchOptions): AsyncGenerator<Uint8Array> {
  const member = blobOf(reader, digest);
  if (!member) throw notThere(reader.file, digest);
  yield* readStretch(reader.file, member, options);
}

function notThere({ location }: ArchiveFile, digest: Digest): CodedError {
  return new CodedError('IMAGE_NOT_FOUND', `${location} has no ${digest}`);
}

async function prove(
  reader: ArchiveReader,
  { root, images }: Contents,
  signed: Digest,
  { signal, onBytes, proven = [] }: ProveOptions = {},
): Promise<void> {
  // A manifest's signature speaks for its own image; what lies beside it under an unsigned index came along for the ride.
  const [other] = signed === root.digest ? [] : images.filter(({ manifest }) => manifest.digest !== signed);
  if (other)
    throw archiveInvalid(
      reader.file,
      `beside the signed ${signed} it has ${other.manifest.digest}, which nobody signed`,
    );
  for (const digest of proven) reader.proven.add(digest);
  const left = blobsOf(reader).filter(({ digest }) => !reader.proven.has(digest));
  const total = left.reduce((sum, { member }) => sum + member.size, 0);
  let bytes = 0;
  for (const { digest, member } of left) {
    const hash = createHash('sha256');
    for await (const chunk of readStretch(reader.file, member, { ...(signal && { signal }), isTransient: true })) {
      hash.update(chunk);
      bytes += chunk.length;
      onBytes?.(bytes, total);
    }
    requireDigest(reader, { digest, member }, `sha256:${hash.digest('hex')}`);
  }
}
