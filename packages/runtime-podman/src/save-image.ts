import type { ReadPodman } from './read-podman.ts';
import { holdSpoolFolder, type SpoolOptions } from './spool-folder.ts';

/**
 * Podman puts each layer together from its files again, and checks them while it does so. It keeps a copy of one layer
 * at a time in TMPDIR: in a folder of ours it goes, whatever ends Podman. Not `oci-archive`: that has layers packed anew.
 */
export async function* saveImage(
  read: ReadPodman,
  id: string,
  { signal, ...options }: SpoolOptions & { readonly signal?: AbortSignal },
): AsyncGenerator<Uint8Array> {
  await using spool = await holdSpoolFolder(options);
  const words = ['save', '--quiet', '--format', 'docker-archive', '--', id];
  yield* read(words, { env: { TMPDIR: spool.folder }, ...(signal && { signal }) });
}
