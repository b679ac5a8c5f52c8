/** What of a member's header is used (POSIX.1-2001, pax, "ustar Interchange Format"). Owner, mode and times are not. */
export interface TarHeader {
  /** As written: its bytes as Latin-1, so that no two names read as one. */
  readonly name: string;
  readonly type: string;
  readonly size: number;
  /** Where a link points to; empty where it is none. */
  readonly linkName: string;
}

export const TAR_BLOCK = 512;

/** The header in a block, or why it is none. Nothing in it is said twice, or in two ways. */
export function readTarHeader(block: Buffer): TarHeader | string {
  if (!hasChecksum(block)) return 'its header does not match its checksum';
  const magic = block.toString('latin1', 257, 265);
  if (magic !== 'ustar\x0000' && magic !== 'ustar  \0') return 'expected a ustar header';
  const name = readText(block.subarray(0, 100));
  const linkName = readText(block.subarray(157, 257));
  if (name === undefined || linkName === undefined) return 'a name goes on behind its end';
  // The rest of a longer name, or, as GNU tar has it, of a sparse file: an image's export needs neither.
  if (!isZero(block.subarray(345))) return 'its header has a prefix or other extension';
  const size = readSize(block.subarray(124, 136));
  if (size === undefined) return 'its size is not a number of bytes below 2^53';
  return { name, type: String.fromCharCode(block[156] ?? 0), size, linkName };
}

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** The sum of all bytes, with blanks in the place of the sum itself. */
function hasChecksum(block: Buffer): boolean {
  const [, digits] = /^([0-7]{6})\0 $/.exec(block.toString('latin1', 148, 156)) ?? [];
  if (digits === undefined) return false;
  let sum = 8 * 0x20;
  for (const [position, byte] of block.entries()) if (position < 148 || position >= 156) sum += byte;
  return Number.parseInt(digits, 8) === sum;
}

function readText(field: Buffer): string | undefined {
  const end = field.indexOf(0);
  if (end === -1) return field.toString('latin1');
  return isZero(field.subarray(end)) ? field.toString('latin1', 0, end) : undefined;
}

/** Octal digits or, from 8 GiB on, base 256 as GNU tar writes it: its first bit set, and never negative. */
function readSize(field: Buffer): number | undefined {
  if (((field[0] ?? 0) & 0x80) === 0) {
    const [, digits] = /^([0-7]{1,12})[\0 ]*$/.exec(field.toString('latin1')) ?? [];
    return digits === undefined ? undefined : Number.parseInt(digits, 8);
  }
  if (field[0] !== 0x80 || !isZero(field.subarray(1, 4))) return undefined;
  const size = field.readBigUInt64BE(4);
  return size <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(size) : undefined;
}
