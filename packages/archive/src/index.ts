export { defaultArchiveName } from './write/default-archive-name.ts';
