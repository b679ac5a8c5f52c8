import { readTarHeader, type TarHeader } from '@dangerzone-image/core';

/** The header of a member, or why it is refused, as text. An archive has no links, nor leavings of one. */
export function parseTarHeader(block: Buffer): TarHeader | string {
  const header = readTarHeader(block);
  if (typeof header === 'string' || header.linkName === '') return header;
  return 'it links to another member';
}
