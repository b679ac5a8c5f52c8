import { archiveInvalid } from './archive-file.ts';
import { type ArchiveReader, placeOf, readNamed } from './archive-reader.ts';

const FOLDER = 'tuf/';
/** A root for each of many years; Sigstore's repository needs a tenth of each. */
const MAX_FILES = 300;
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_BYTES = 8 * 1024 * 1024;

/**
 * Files of Sigstore's TUF repository that travel with the image, by their names there. They are proven by nothing here, and
 * whoever trusts no such root never looks at them.
 */
export async function readTuf(reader: ArchiveReader): Promise<ReadonlyMap<string, Uint8Array>> {
  const members = [...reader.members.values()].filter(({ name }) => name.startsWith(FOLDER));
  if (members.length > MAX_FILES) throw archiveInvalid(reader.file, `it has more than ${MAX_FILES} files in ${FOLDER}`);
  const files = new Map<string, Uint8Array>();
  let bytes = 0;
  for (const member of members) {
    bytes += member.size;
    if (member.size > MAX_FILE_BYTES || bytes > MAX_BYTES)
      throw archiveInvalid(
        placeOf(reader, member),
        `it has ${member.size} bytes, more than a file of ${FOLDER} may have`,
      );
    files.set(member.name.slice(FOLDER.length), (await readNamed(reader, member.name)) as Buffer);
  }
  return files;
}
