import { gzipSync } from 'node:zlib';

/** Files of a layer: path to content. */
export type TestFiles = Readonly<Record<string, string | Uint8Array>>;

const BLOCK = 512;

/** A plain ustar archive (POSIX 1003.1) of regular files, programs below `bin/`: same files, same bytes. */
export function tarOf(files: TestFiles): Uint8Array {
  const members = Object.entries(files).flatMap(([path, content]) => {
    const bytes = Buffer.from(content);
    return [headerFor(path, bytes.length), bytes, Buffer.alloc((BLOCK - (bytes.length % BLOCK)) % BLOCK)];
  });
  return Buffer.concat([...members, Buffer.alloc(2 * BLOCK)]);
}

function headerFor(path: string, size: number): Buffer {
  if (Buffer.byteLength(path) > 100) throw new TypeError(`a test layer's path has at most 100 bytes, not ${path}`);
  const header = Buffer.alloc(BLOCK);
  const octal = (value: number, digits: number) => `${value.toString(8).padStart(digits, '0')}\0`;
  header.write(path, 0);
  header.write(octal(path.startsWith('bin/') ? 0o755 : 0o644, 7), 100);
  header.write(octal(0, 7), 108); // owner and group: root
  header.write(octal(0, 7), 116);
  header.write(octal(size, 11), 124);
  header.write(octal(0, 11), 136); // 1970: a layer's bytes depend on its files alone
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** Gzip whose bytes do not depend on the platform: the header's OS field (RFC 1952) is always "unknown". */
export function gzipOf(bytes: Uint8Array): Uint8Array {
  const compressed = gzipSync(bytes);
  compressed[9] = 255;
  return compressed;
}
