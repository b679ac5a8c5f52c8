import { close, read } from 'node:fs';
import { promisify } from 'node:util';
import { type ArchiveFile, archiveInvalid } from './archive-file.ts';

const [readAt, closeFile] = [promisify(read), promisify(close)];

/** A file that can seek, by the descriptor that is open already. */
export function descriptorFile(
  fd: number,
  facts: Pick<ArchiveFile, 'location' | 'size'>,
  closeIt: () => Promise<void> = () => closeFile(fd),
): ArchiveFile {
  return {
    ...facts,
    async read(offset, length, into = Buffer.allocUnsafe(length)) {
      const buffer = into.subarray(0, length);
      for (let got = 0; got < length; ) {
        const { bytesRead } = await readAt(fd, buffer, got, length - got, offset + got);
        if (bytesRead === 0)
          throw archiveInvalid({ ...facts, offset: offset + got }, 'it got shorter while it was being read');
        got += bytesRead;
      }
      return buffer;
    },
    close: closeIt,
  };
}
