import { join } from 'node:path';
import { CodedError, codeOf } from '../errors/coded-error.ts';
import type { StateFolder } from '../ledger/state-folder.ts';
import { parseReference } from '../oci/reference.ts';
import type { LocalImage } from '../runtime/container-runtime.ts';
import { createVerifiedStream } from '../runtime/verified-stream.ts';
import { type CachedSource, cachedSource } from '../source/blob-cache.ts';
import { openBlobFolder } from '../source/blob-folder.ts';
import type { ImageSource } from '../source/image-source.ts';
import type { VerifiedImage } from '../verify/verified-image.ts';
import { workNames } from './left-overs.ts';
import type { InstallContext, OnlineContext } from './verb-context.ts';

/**
 * Downloads an image's layers to the state folder, so that what was fetched once is never fetched again, whatever dies
 * when, and the engine is handed proven content at the disk's pace. The source to hand it over from; a source that is
 * on this machine is its own. Nothing to do where the engine pulls.
 */
export async function download(context: InstallContext, image: VerifiedImage): Promise<ImageSource> {
  const { source, profile, report, signal, via = 'load' } = context;
  if (via === 'pull' || !source.origins) return source;
  const { repository } = parseReference(profile.image);
  let bytes = 0;
  const total = image.size - image.config.bytes.length;
  const downloads = downloadsOf(context, (more) => {
    bytes += more;
    report?.({ type: 'download', bytes, total });
  });
  const layers = image.manifest.layers.map(
    ({ digest, size }) => ({ kind: 'blob', repository, digest, size, limit: size }) as const,
  );
  await downloads.prefetch(layers, { ...(signal && { signal }) });
  return downloads;
}

/**
 * What an installation would fetch, bytes. By `load`, layers that an earlier run fetched are here; by `pull`, an engine
 * has those that the installed image shares.
 */
export async function bytesToDownload(
  { state, via = 'load' }: InstallContext,
  image: VerifiedImage,
  installed: VerifiedImage | undefined,
): Promise<number> {
  const layers = [...new Map(image.manifest.layers.map((layer) => [layer.digest, layer.size]))];
  const shared = new Set(installed?.manifest.layers.map(({ digest }) => digest));
  const downloads = openBlobFolder(downloadsFolder(state));
  let bytes = 0;
  for (const [digest, size] of layers) {
    const here = via === 'pull' ? (shared.has(digest) ? size : 0) : await downloads.bytesOf(digest);
    bytes += Math.max(0, size - here);
  }
  return bytes;
}

/** Deletes what was downloaded: the engine has it. What cannot go stays for next time, the image is installed all the same. */
export async function clearDownloads(context: OnlineContext): Promise<void> {
  try {
    await downloadsOf(context).clear();
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    const message = `What was downloaded could not be deleted (${(error as Error).message}); the next upgrade tries again.`;
    context.report?.({ type: 'notice', message });
  }
}

/** Below the state folder, whose lock keeps a second run out. */
function downloadsOf({ state, source }: OnlineContext, onBytes?: (bytes: number) => void): CachedSource {
  return cachedSource(source, { folder: downloadsFolder(state), ...(onBytes && { onBytes }) });
}

function downloadsFolder({ path }: StateFolder): string {
  return join(path, 'downloads');
}

/** Gets the image into the engine under a working name. */
export async function transfer(
  context: InstallContext,
  image: VerifiedImage,
  source: ImageSource,
): Promise<LocalImage> {
  const { runtime, profile, signal, report, staged, via = 'load' } = context;
  const options = {
    ...(signal && { signal }),
    name: workNames(profile).incoming,
    onBytes: (bytes: number) => report?.({ type: 'transfer', bytes, total: image.size }),
  };
  report?.({ type: 'decision', message: `the content goes into ${runtime.name} by ${via}` });
  if (staged) return staged.load(options);
  if (via === 'load') {
    const { repository } = parseReference(profile.image);
    return runtime.load(createVerifiedStream(image, source, repository, { ...(signal && { signal }) }), options);
  }
  if (runtime.pull) {
    const message = `${runtime.name} fetches the image itself, at most ${image.size} bytes, and may not say how far it is.`;
    report?.({ type: 'notice', message });
    return runtime.pull(image, options);
  }
  throw new CodedError('USAGE', `runtime ${runtime.name} cannot pull by itself`, {
    suggestions: ['Leave out --via pull.'],
  });
}
