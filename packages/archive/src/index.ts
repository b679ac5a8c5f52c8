export { defaultArchiveName } from './write/default-archive-name.ts';
export {
  type PrepareArchiveOptions,
  type PrepareArchiveResult,
  type PreparedArchive,
  prepareArchive,
} from './write/prepare-archive.ts';
export { platformOfArch, readPlatform } from './write/read-platform.ts';
