import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { ChunkReader } from './chunk-reader.ts';
import { isZero, readTarHeader, TAR_BLOCK, type TarHeader } from './read-tar-header.ts';

export interface TarMember {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link';
  readonly size: number;
  readonly linkName: string;
  /** To be read to its end before the next member is asked for. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** An image has at most 1000 layers, and an engine writes at most four members for each. */
const MAX_MEMBERS = 10_000;
const MAX_MEMBER_BYTES = 64 * 1024 ** 3;
/** What an engine may write behind the end mark, to fill its last record. */
const MAX_FILL_BYTES = 1024 * 1024;
const MAX_PAX_BYTES = 4096;

/** Times and owners, which are not used. Any other record could say another name, size or kind than the header. */
const PAX_RECORDS = /^(?:[1-9][0-9]{0,3} (?:[amc]time|[ug]id|[ug]name)=[^\n]*\n)*$/;

/**
 * The members of a tar as they come by, for an engine's export: nothing is written down, nothing is kept. Whoever may
 * write into the engine's store may have made it, so what two readers could read in two ways is refused.
 */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TarMember> {
  await using reader = new ChunkReader(chunks);
  for (let count = 0; ; count++) {
    if (count > MAX_MEMBERS) throw invalid(reader, `it has more than ${MAX_MEMBERS} members`);
    const header = await nextHeader(reader);
    if (!header) return requireEnd(reader);
    const kind = kindOf(header);
    if (header.size > MAX_MEMBER_BYTES || (kind !== 'file' && header.size > 0))
      throw invalid(reader, `${printable(header.name)} has ${header.size} bytes, which is too many`);
    const end = reader.position + header.size;
    yield {
      name: header.name,
      kind,
      size: header.size,
      linkName: header.linkName,
      content: reader.stretch(header.size),
    };
    if (reader.position !== end) throw new TypeError(`member ${header.name} was not read to its end`);
    await readPadding(reader, header.size);
  }

  function kindOf({ name, type }: TarHeader): TarMember['kind'] {
    if (type === '0' || type === '\0') return 'file';
    if (type === '5') return 'folder';
    if (type === '1' || type === '2') return 'link';
    throw invalid(reader, `${printable(name)} is of type ${printable(type)}: expected a file, a folder or a link`);
  }
}

async function nextHeader(reader: ChunkReader): Promise<TarHeader | undefined> {
  const header = await readHeader(reader);
  if (header?.type !== 'x') return header;
  if (header.size > MAX_PAX_BYTES) throw invalid(reader, `a PAX header has ${header.size} bytes`);
  const records = (await reader.whole(header.size)).toString('latin1');
  if (!PAX_RECORDS.test(records)) throw invalid(reader, 'a PAX header says more than times and owners');
  await readPadding(reader, header.size);
  const next = await readHeader(reader);
  if (!next || next.type === 'x') throw invalid(reader, 'a PAX header has no member behind it');
  return next;
}

async function readHeader(reader: ChunkReader): Promise<TarHeader | undefined> {
  const block = await reader.whole(TAR_BLOCK);
  if (isZero(block)) return undefined;
  const header = readTarHeader(block);
  if (typeof header === 'string') throw invalid(reader, header);
  return header;
}

async function readPadding(reader: ChunkReader, size: number): Promise<void> {
  const padding = await reader.whole((TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK);
  if (!isZero(padding)) throw invalid(reader, 'a member goes on behind its end');
}

/** A second block of zeros ends it, and zeros are all that comes then: the engine ends with them too. */
async function requireEnd(reader: ChunkReader): Promise<void> {
  if (!isZero(await reader.whole(TAR_BLOCK))) throw invalid(reader, 'it goes on behind its end mark');
  const end = reader.position;
  for (let bytes = await reader.some(TAR_BLOCK); bytes; bytes = await reader.some(TAR_BLOCK))
    if (!isZero(bytes) || reader.position - end > MAX_FILL_BYTES)
      throw invalid(reader, 'it goes on behind its end mark');
}

function invalid({ position }: ChunkReader, why: string): CodedError {
  return new CodedError('RUNTIME_FAILED', `the export is not an image that can be read, at byte ${position}: ${why}`, {
    suggestions: ['Look at the engine itself: an export of it holds something that none should.'],
  });
}
