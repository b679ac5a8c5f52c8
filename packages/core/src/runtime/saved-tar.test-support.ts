import { tarEnd, tarHeader, tarPadding } from './tar-header.ts';

const TYPE = 156;
const CHECKSUM = 148;

export interface TestMember {
  readonly name: string;
  readonly bytes?: Uint8Array | string;
  readonly type?: string;
  readonly linkName?: string;
  /** Text put over the header, by position. */
  readonly over?: Readonly<Record<number, string>>;
  /** In place of a right one. */
  readonly checksum?: string;
  readonly padding?: string;
}

/** A tar as no writer of ours makes one: members of any kind, headers with anything in them. */
export function tarOfMembers(members: readonly TestMember[], end: Uint8Array = tarEnd()): Buffer {
  return Buffer.concat([...members.flatMap(blocksOf), end]);
}

function blocksOf({ name, bytes = '', type = '0', linkName = '', over = {}, checksum, padding }: TestMember): Buffer[] {
  const content = Buffer.from(bytes);
  const header = Buffer.from(tarHeader(name, content.length));
  header.write(type, TYPE);
  header.write(linkName, 157);
  for (const [at, text] of Object.entries(over)) header.write(text, Number(at), 'latin1');
  header.write(' '.repeat(8), CHECKSUM);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(checksum ?? `${sum.toString(8).padStart(6, '0')}\0 `, CHECKSUM);
  const fill = Buffer.from(tarPadding(content.length));
  if (padding) fill.write(padding);
  return [header, content, fill];
}

export async function* chunksOf(bytes: Uint8Array, size = 700): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
