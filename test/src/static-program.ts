const LOAD_ADDRESS = 0x400000;
const HEADERS = 64 + 56;

/** A Linux program for amd64 that writes the text and ends with 0, and needs nothing beside it: ELF(5), by hand. */
export function staticProgram(text: string): Uint8Array {
  const message = Buffer.from(text);
  const code = Buffer.concat([
    Buffer.from('b801000000bf01000000488d3510000000ba', 'hex'), // write(1, text,
    Buffer.from([message.length, 0, 0, 0]), //                     length)
    Buffer.from('0f05b83c00000031ff0f05', 'hex'), // exit(0)
    message,
  ]);
  const header = Buffer.alloc(HEADERS);
  header.write('7f454c46020101', 'hex'); // ELF, 64 bits, little endian
  header.writeUInt16LE(2, 16); // an executable
  header.writeUInt16LE(62, 18); // for amd64
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(LOAD_ADDRESS + HEADERS), 24); // starts behind the headers
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  const size = BigInt(HEADERS + code.length);
  header.writeUInt32LE(1, 64); // one segment: this file, readable and executable
  header.writeUInt32LE(5, 68);
  header.writeBigUInt64LE(BigInt(LOAD_ADDRESS), 80);
  header.writeBigUInt64LE(BigInt(LOAD_ADDRESS), 88);
  header.writeBigUInt64LE(size, 96);
  header.writeBigUInt64LE(size, 104);
  header.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([header, code]);
}
