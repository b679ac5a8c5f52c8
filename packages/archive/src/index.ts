export { openArchive } from './read/open-archive.ts';
export type { OpenFileOptions } from './read/open-archive-file.ts';
export { defaultArchiveName } from './write/default-archive-name.ts';
export {
  type PrepareArchiveOptions,
  type PrepareArchiveResult,
  type PreparedArchive,
  prepareArchive,
} from './write/prepare-archive.ts';
export { platformOfArch, readPlatform } from './write/read-platform.ts';
