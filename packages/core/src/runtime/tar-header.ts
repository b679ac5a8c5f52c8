const BLOCK = 512;
const MAX_NAME_BYTES = 100;
/** The largest size that eleven octal digits can say. */
const MAX_OCTAL = 8 ** 11 - 1;

/**
 * The header of a regular file in a ustar archive (POSIX.1-2001, pax, "ustar Interchange Format"): owner root, 1970, so
 * that the bytes depend on name and size alone. A file of 8 GiB or more has its size in base 256, as GNU tar writes it
 * and Go's archive/tar, which the engines use, reads it.
 */
export function tarHeader(name: string, size: number): Uint8Array {
  const bytes = Buffer.byteLength(name);
  if (bytes === 0 || bytes > MAX_NAME_BYTES)
    throw new TypeError(`a tar member's name has 1 to ${MAX_NAME_BYTES} bytes, not ${bytes}`);
  if (!Number.isSafeInteger(size) || size < 0) throw new TypeError(`a tar member cannot have ${size} bytes`);
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0);
  header.write(octal(0o644, 7), 100);
  header.write(octal(0, 7), 108); // owner
  header.write(octal(0, 7), 116); // group
  header.set(sizeField(size), 124);
  header.write(octal(0, 11), 136); // modification time
  header.write(' '.repeat(8), 148); // the checksum is made with blanks in its place
  header.write('0', 156); // a regular file
  header.write('ustar\x0000', 257);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return header;
}

/** Zero bytes that fill a member's last block. */
export function tarPadding(size: number): Uint8Array {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

/** What ends an archive; a reader takes one without it as cut off. */
export function tarEnd(): Uint8Array {
  return Buffer.alloc(2 * BLOCK);
}

function sizeField(size: number): Uint8Array {
  if (size <= MAX_OCTAL) return Buffer.from(octal(size, 11));
  const field = Buffer.alloc(12);
  field.writeUInt8(0x80, 0);
  field.writeBigUInt64BE(BigInt(size), 4);
  return field;
}

function octal(value: number, digits: number): string {
  return `${value.toString(8).padStart(digits, '0')}\0`;
}
