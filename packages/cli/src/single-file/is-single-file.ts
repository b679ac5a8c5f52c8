/** Whether this process is the single file, which has its runtimes inside and runs no code from elsewhere. */
export function isSingleFile(): boolean {
  return process.getBuiltinModule('node:sea').isSea(); // looked up when it is asked for: a start has no need of it
}

/** The way out for who wants a runtime that somebody else wrote. */
export const usePackageInstead =
  'Packages that bring runtimes need this tool from npm: npm install --global dangerzone-image';
