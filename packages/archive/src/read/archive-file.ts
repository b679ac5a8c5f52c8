import { CodedError, type SeekableFile } from '@dangerzone-image/core';

/** An archive's bytes, behind one descriptor that stays open: whatever happens to the path, these are the ones. */
export interface ArchiveFile extends SeekableFile {
  /** For messages: escaped already. */
  readonly location: string;
  readonly size: number;
  /** Exactly these bytes. Throws where the file has got shorter meanwhile. */
  read: SeekableFile['read'];
  close(): Promise<void>;
}

export interface FaultPlace {
  readonly location: string;
  /** The member's name as it stands in the archive, where one is at fault. */
  readonly member?: string;
  /** Of the header or byte at fault, from the beginning of the file. */
  readonly offset?: number;
}

/** What is wrong, with member and offset: whoever made the archive can look there. */
export function archiveInvalid({ location, member, offset }: FaultPlace, why: string, cause?: unknown): CodedError {
  const at = [
    ...(member === undefined ? [] : [`member ${member}`]),
    ...(offset === undefined ? [] : [`byte ${offset}`]),
  ];
  return new CodedError('ARCHIVE_INVALID', `${location}${at.length > 0 ? `, ${at.join(' at ')}` : ''}: ${why}`, {
    suggestions: ['Copy the archive again, or have it made again: dangerzone-image prepare-archive'],
    details: { ...(member !== undefined && { member }), ...(offset !== undefined && { offset }) },
    ...(cause !== undefined && { cause }),
  });
}
