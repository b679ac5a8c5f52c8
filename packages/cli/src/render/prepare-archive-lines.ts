import type { PrepareArchiveResult, PreparedArchive } from '@dangerzone-image/archive';
import { formatBytes } from './format-amount.ts';
import { next, ok, referenceOf } from './image-lines.ts';

export function prepareArchiveLines(result: PrepareArchiveResult): string[] {
  const archives = result.archives ?? [result];
  return [
    ...archives.flatMap(archiveLines),
    next(
      `Take it to the other machine, and there: dangerzone-image load-archive ${result.archives ? 'FILE' : result.file}`,
    ),
  ];
}

function archiveLines({ image, file, bytes }: PreparedArchive): string[] {
  return [ok(`wrote ${file}`), `   ${referenceOf(image)}`, `   ${image.platform}, ${formatBytes(bytes)}`];
}
