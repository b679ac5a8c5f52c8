import {
  CodedError,
  codeOf,
  type Descriptor,
  type Digest,
  digestOf,
  hexOf,
  printable,
  readStretch,
} from '@dangerzone-image/core';
import { type ArchiveFile, archiveInvalid, type FaultPlace } from './archive-file.ts';
import { indexMembers, type Member } from './index-members.ts';

/** Manifests, configs, signatures: read whole, each with a limit. Layers never come this way. */
export interface ArchiveReader {
  readonly file: ArchiveFile;
  readonly members: ReadonlyMap<string, Member>;
  /** Blobs whose bytes were held against their name. */
  readonly proven: Set<Digest>;
}

export const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;

export async function openReader(file: ArchiveFile): Promise<ArchiveReader> {
  return { file, members: await indexMembers(file), proven: new Set() };
}

export function blobName(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

export function blobOf({ members }: ArchiveReader, digest: Digest): Member | undefined {
  return members.get(blobName(digest));
}

/** Every blob of the file, in the order in which they lie there. */
export function blobsOf({ members }: ArchiveReader): readonly { readonly digest: Digest; readonly member: Member }[] {
  return [...members.values()]
    .filter(({ name }) => name.startsWith('blobs/'))
    .map((member) => ({ digest: `sha256:${member.name.slice(-64)}` as Digest, member }));
}

export function placeOf({ file }: ArchiveReader, { name, headerAt }: Member): FaultPlace {
  return { location: file.location, member: printable(name), offset: headerAt };
}

/** A document that the layout names by its file name. */
export async function readNamed(reader: ArchiveReader, name: string): Promise<Buffer | undefined> {
  const member = reader.members.get(name);
  return member && readWhole(reader, member);
}

/** A document by its digest, held against it. Its descriptor must tell its size. */
export async function readDocument(
  reader: ArchiveReader,
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
  whoNamesIt: string,
): Promise<Buffer> {
  const member = requireBlob(reader, { digest, size }, whoNamesIt);
  const bytes = await readWhole(reader, member);
  requireDigest(reader, { digest, member }, digestOf(bytes));
  return bytes;
}

/** The blob that a descriptor names, by its announced size. */
export function requireBlob(
  reader: ArchiveReader,
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
  whoNamesIt: string,
): Member {
  const member = blobOf(reader, digest);
  if (!member) throw archiveInvalid(reader.file, `${whoNamesIt} names ${digest}, which is not in it`);
  if (member.size !== size)
    throw archiveInvalid(placeOf(reader, member), `it has ${member.size} bytes, ${whoNamesIt} says ${size}`);
  return member;
}

export function requireDigest(
  reader: ArchiveReader,
  { digest, member }: { readonly digest: Digest; readonly member: Member },
  got: Digest,
): void {
  if (got !== digest) {
    const { location, member: name, offset } = placeOf(reader, member);
    throw new CodedError(
      'DIGEST_MISMATCH',
      `${location}, member ${name} at byte ${offset}: its bytes have the digest ${got}`,
      {
        suggestions: ['Copy the archive again. If it stays so, somebody changed it: do not use it.'],
        details: { member: name, offset },
      },
    );
  }
  reader.proven.add(digest);
}

async function readWhole(reader: ArchiveReader, member: Member): Promise<Buffer> {
  if (member.size > MAX_DOCUMENT_BYTES)
    throw archiveInvalid(
      placeOf(reader, member),
      `it has ${member.size} bytes, a document at most ${MAX_DOCUMENT_BYTES}`,
    );
  const chunks: Uint8Array[] = [];
  for await (const chunk of readStretch(reader.file, member)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** What a parser of core refuses is this member's fault: it lies in an archive, and no mirror will help. */
export async function asFaultOf<T>(
  reader: ArchiveReader,
  member: Member | undefined,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = codeOf(error);
    if (code !== 'MANIFEST_INVALID' && code !== 'LIMIT_EXCEEDED') throw error;
    throw archiveInvalid(member ? placeOf(reader, member) : reader.file, (error as Error).message, error);
  }
}
