import { isZero, printable, TAR_BLOCK, type TarHeader } from '@dangerzone-image/core';
import { type ArchiveFile, archiveInvalid } from './archive-file.ts';
import { parseTarHeader } from './parse-tar-header.ts';
import { refusalOfPacked } from './refusal-of-packed.ts';
import { refusalOfPaxRecords } from './refusal-of-pax-records.ts';

/** Where a member's bytes lie. */
export interface Member {
  /** Without `./`. */
  readonly name: string;
  readonly headerAt: number;
  readonly offset: number;
  readonly size: number;
}

/** An image has at most 1000 layers; a file of several platforms, signatures and attestations stays far below this. */
export const MAX_MEMBERS = 4096;
const MAX_PAX_BYTES = 4096;
/** `tar` fills up to 10 KiB; some are told to fill up more. */
const MAX_END_BYTES = 1024 * 1024;

const FILE = /^(?:oci-layout|index\.json|dangerzone\.json|manifest\.json|blobs\/sha256\/[0-9a-f]{64})$/;
/** Files of Sigstore's TUF repository, by their names there. */
const TUF_FILE =
  /^tuf\/(?:[1-9][0-9]{0,8}\.(?:root|snapshot|targets)\.json|timestamp\.json|targets\/[0-9a-f]{64}\.trusted_root\.json)$/;
const FOLDER = /^(?:|blobs|blobs\/sha256|tuf|tuf\/targets)$/;

/**
 * The first pass, over headers alone: every member is one of the few kinds and names that an image archive has, and is
 * there once. Two readers must not see two archives: nothing is skipped, repaired or read leniently.
 */
export async function indexMembers(file: ArchiveFile): Promise<ReadonlyMap<string, Member>> {
  const members = new Map<string, Member>();
  const folders = new Set<string>();
  const reading: Reading = { file, at: 0, hasPax: false, isDotted: undefined };
  for (let count = 0; ; count++) {
    const header = await nextHeader(reading);
    if (!header) break;
    const { name, headerAt, offset, size, type } = header;
    if (count >= MAX_MEMBERS)
      throw archiveInvalid({ ...file, offset: headerAt }, `it has more than ${MAX_MEMBERS} members`);
    const isFolder = type === '5';
    if (members.has(name) || folders.has(name))
      throw archiveInvalid({ ...file, member: printable(name), offset: headerAt }, 'it is there twice');
    if (isFolder) folders.add(name);
    else members.set(name, { name, headerAt, offset, size });
  }
  return members;
}

interface Reading {
  readonly file: ArchiveFile;
  at: number;
  /** A PAX header was read, and waits for its member. */
  hasPax: boolean;
  /** Whether names begin with `./`: all of them do, or none. */
  isDotted: boolean | undefined;
}

/** The next file or folder, its bytes stepped over; undefined at the archive's end. */
async function nextHeader(reading: Reading): Promise<(Member & { readonly type: string }) | undefined> {
  const { file } = reading;
  for (;;) {
    const headerAt = reading.at;
    const block = await readHeaderBlock(reading);
    if (isZero(block)) {
      await requireEnd(reading, headerAt);
      return undefined;
    }
    const header = parseTarHeader(block);
    if (typeof header === 'string') throw archiveInvalid({ ...file, offset: headerAt }, header);
    const place = { ...file, member: printable(header.name), offset: headerAt };
    const offset = headerAt + TAR_BLOCK;
    await stepOver(reading, header, place);
    if (header.type !== 'x') {
      const name = requireName(reading, header, place);
      reading.hasPax = false;
      return { name, headerAt, offset, size: header.size, type: header.type };
    }
    await requirePax(reading, { offset, size: header.size }, place);
  }
}

type Place = Parameters<typeof archiveInvalid>[0];

async function readHeaderBlock({ file, at }: Reading): Promise<Buffer> {
  if (at + TAR_BLOCK > file.size)
    throw archiveInvalid({ ...file, offset: at }, at === 0 ? 'it is no tar archive' : 'it is cut off: it has no end');
  const block = await file.read(at, TAR_BLOCK);
  const packed = at === 0 ? refusalOfPacked(block) : undefined;
  if (packed !== undefined) throw archiveInvalid(file, packed);
  return block;
}

/** A member's bytes, and the zeros that fill its last block: what hides there, another reader may find. */
async function stepOver(reading: Reading, { size }: TarHeader, place: Place): Promise<void> {
  const { file } = reading;
  const end = reading.at + TAR_BLOCK + size;
  const next = end + ((TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK);
  if (next > file.size) throw archiveInvalid(place, `it is cut off: it announces ${size} bytes`);
  if (!isZero(await file.read(end, next - end))) throw archiveInvalid(place, 'something stands behind its end');
  reading.at = next;
}

async function requirePax(reading: Reading, { offset, size }: { offset: number; size: number }, place: Place) {
  if (reading.hasPax) throw archiveInvalid(place, 'it has two PAX headers');
  if (size > MAX_PAX_BYTES) throw archiveInvalid(place, `its PAX header is longer than ${MAX_PAX_BYTES} bytes`);
  const refusal = refusalOfPaxRecords(await reading.file.read(offset, size));
  if (refusal !== undefined) throw archiveInvalid(place, refusal);
  reading.hasPax = true;
}

/** The name without `./`, when it is one that an image archive has. Nothing is normalised: other spellings are refused. */
function requireName(reading: Reading, { name, type, size }: TarHeader, place: Place): string {
  const isFolder = type === '5';
  if (!isFolder && type !== '0' && type !== '\0')
    throw archiveInvalid(place, `expected a plain file, got a member of type ${printable(type)}`);
  const isDotted = name === '.' || name.startsWith('./');
  if (isDotted !== (reading.isDotted ?? isDotted)) throw archiveInvalid(place, 'names with and without ./ are mixed');
  reading.isDotted = isDotted;
  const plain = name === '.' ? '' : name.slice(isDotted ? 2 : 0);
  const known = isFolder ? plain.replace(/(?<=.)\/$/, '') : plain;
  if (!(isFolder ? [FOLDER] : [FILE, TUF_FILE]).some((names) => names.test(known)))
    throw archiveInvalid(place, 'no archive of an image has such a member');
  if (isFolder && size !== 0) throw archiveInvalid(place, `a folder has no bytes, this one announces ${size}`);
  return known;
}

/** Two zero blocks, then nothing but zeros. One alone, or something behind them, is the end for some readers only. */
async function requireEnd({ file, hasPax }: Reading, at: number): Promise<void> {
  const place = { ...file, offset: at };
  const rest = file.size - at;
  if (hasPax) throw archiveInvalid(place, 'it ends with a PAX header that belongs to no member');
  if (rest < 2 * TAR_BLOCK) throw archiveInvalid(place, 'it is cut off: expected two zero blocks at its end');
  if (rest > MAX_END_BYTES) throw archiveInvalid(place, `it goes on for ${rest} bytes after its end`);
  if (!isZero(await file.read(at, rest))) throw archiveInvalid(place, 'it goes on after its end');
}
