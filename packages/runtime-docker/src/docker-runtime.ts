import { statfs } from 'node:fs/promises';
import {
  CodedError,
  type ContainerRuntime,
  formatPlatform,
  type LocalImage,
  ociTar,
  type TransferOptions,
  type VerifiedStream,
} from '@dangerzone-image/core';
import { digestsOf, imagesOf, isContainerdStore, isWhole, namesOf } from './docker-answers.ts';
import { exportOf, handle, listImages, nameParts, removeName } from './docker-calls.ts';
import { formatEndpoint, isRemote } from './docker-endpoint.ts';
import { readEvents } from './engine-events.ts';
import type { Engine } from './open-engine.ts';
import { pullProgress } from './pull-progress.ts';
import { watched } from './watched-source.ts';

/** The adapter over any engine, which is opened when it is first needed. */
export function dockerRuntime(name: string, open: () => Promise<Engine>): Required<Omit<ContainerRuntime, 'stage'>> {
  const engine = remembered(open);

  const images = async (repository: string, signal?: AbortSignal): Promise<LocalImage[]> => {
    const { docker, platform } = await engine();
    return imagesOf(repository, await listImages(docker, signal), platform);
  };
  const named = async (full: string, signal?: AbortSignal): Promise<LocalImage> => {
    const found = (await images(full.slice(0, full.lastIndexOf(':')), signal)).find(({ names }) =>
      names.includes(full),
    );
    return found ?? { id: 'nothing', digests: [], names: [] };
  };

  const loadOnce = async (stream: VerifiedStream, { name: as, onBytes, signal }: TransferOptions): Promise<void> => {
    const { docker } = await engine();
    const options = { withDockerManifest: true, isTransient: true, ...(onBytes && { onBytes }) };
    const source = watched(ociTar(stream, as, options));
    try {
      // Dockerode hands it on as it is, and our transport takes what can be iterated.
      const tar = source.bytes as unknown as NodeJS.ReadableStream;
      const answer = await docker.loadImage(tar, { quiet: true, ...(signal && { abortSignal: signal }) });
      await readEvents(bytesOf(answer, signal), `load ${as}`);
    } catch (error) {
      throw source.failure() ?? error;
    }
    // Only what was read to its end was verified to its end.
    if (!source.isWhole()) throw new CodedError('RUNTIME_FAILED', 'Docker did not read all of the image');
  };

  return {
    name,

    async info() {
      const { endpoint, version, info, platform } = await engine();
      const freeBytes = await freeIn(await engine());
      return {
        version: version.Version,
        platform,
        store: isContainerdStore(info) ? `containerd (${info.Driver})` : info.Driver,
        endpoint: formatEndpoint(endpoint),
        isRemote: isRemote(endpoint),
        savesOriginals: isContainerdStore(info),
        isRootless: (info.SecurityOptions ?? []).includes('name=rootless'),
        ...(freeBytes !== undefined && { freeBytes }),
      };
    },

    images: (repository, { signal } = {}) => images(repository, signal),

    /** By digest: the tag is ours afterwards. Docker gets an empty set of credentials, as ours was an anonymous look-up. */
    async pull(image, { name: as, onBytes, signal }) {
      const { docker, platform } = await engine();
      const parts = nameParts(as);
      const rows = await listImages(docker, signal);
      const reference = `${image.name}@${image.digest}`;
      // Containerd's store has it: a pull would fetch nothing, and leave a name that cannot go without the others.
      const isHere = rows.some((row) => row.Id === image.digest && isWhole(row, platform));
      // The name by digest would keep the image when ours is taken off. One that was there before is somebody's.
      const isOurs = !isHere && !rows.some((row) => digestsOf(row, image.name).includes(image.digest));
      const settle = async () => isOurs && removeName(docker, reference);
      try {
        if (!isHere) {
          const wanted = { fromImage: image.name, tag: image.digest, platform: formatPlatform(image.platform) };
          const answer = await docker.createImage({}, { ...wanted, ...(signal && { abortSignal: signal }) });
          const onEvent = onBytes && pullProgress(image.size, onBytes);
          await readEvents(bytesOf(answer, signal), `pull ${reference}`, onEvent);
        }
        await docker.getImage(isHere ? image.digest : reference).tag(parts);
      } catch (error) {
        await settle().catch(() => undefined); // told to stop at its end, the engine may have given the name
        throw error;
      }
      await settle();
      return named(as, signal);
    },

    /**
     * Containerd clears what a broken-off load left while the next one, of the same content, takes it for there: the image
     * is listed then, and short of a layer. By the time that it is sent again, it is.
     */
    async load(stream, options) {
      await loadOnce(stream, options);
      const loaded = await named(options.name, options.signal);
      if (loaded.id !== options.name) return loaded; // what lacks content has no ID (`imagesOf`)
      await loadOnce(stream, options);
      return named(options.name, options.signal);
    },

    async *save({ id }, { signal } = {}) {
      const { docker } = await engine();
      yield* bytesOf(await exportOf(docker, handle(id), signal), signal);
    },

    async tag({ id }, as) {
      const { docker } = await engine();
      await docker.getImage(handle(id)).tag(nameParts(as));
    },

    /** A name that another image has by now is that one's. */
    async remove({ id, names }) {
      const { docker } = await engine();
      const own = (await listImages(docker))
        .filter((row) => row.Id === id || namesOf(row).includes(id))
        .flatMap(namesOf);
      for (const listed of names.filter((full) => own.includes(full))) await removeName(docker, listed);
    },
  };
}

/** Asked once, unless it fails: an engine that is started later is found then. */
function remembered(open: () => Promise<Engine>): () => Promise<Engine> {
  let opened: Promise<Engine> | undefined;
  return () => {
    opened ??= open().catch((error) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };
}

/** The engine's answer to a transfer. An engine that dies in it is no answer. */
async function* bytesOf(answer: NodeJS.ReadableStream, signal?: AbortSignal): AsyncIterable<Uint8Array> {
  try {
    for await (const chunk of answer) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
  } catch (cause) {
    signal?.throwIfAborted();
    throw new CodedError('RUNTIME_FAILED', 'Docker broke off in the middle of a transfer', {
      suggestions: ['See whether Docker still runs, and look at its log; then run the same command again.'],
      cause,
    });
  }
}

/** Docker's root folder is over there for every engine but one of this machine itself; in a Desktop it is a VM's. */
async function freeIn({ endpoint, info }: Engine): Promise<number | undefined> {
  if (endpoint.kind !== 'socket' || process.platform !== 'linux' || info.OperatingSystem === 'Docker Desktop')
    return undefined;
  try {
    const { bavail, bsize } = await statfs(info.DockerRootDir);
    return bavail * bsize;
  } catch {
    return undefined; // not ours to see: the engine may be in another mount namespace
  }
}
