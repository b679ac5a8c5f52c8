import { statfs } from 'node:fs/promises';
import { Readable } from 'node:stream';
import {
  CodedError,
  type ContainerRuntime,
  formatPlatform,
  isDigest,
  type LocalImage,
  ociTar,
  parseReference,
} from '@dangerzone-image/core';
import type Dockerode from 'dockerode';
import {
  type DockerImages,
  digestsOf,
  imagesOf,
  isContainerdStore,
  isWhole,
  namesOf,
  parseImages,
} from './docker-answers.ts';
import { formatEndpoint, isRemote } from './docker-endpoint.ts';
import { readEvents } from './engine-events.ts';
import { statusOf } from './engine-failure.ts';
import type { Engine } from './open-engine.ts';
import { pullProgress } from './pull-progress.ts';
import { watched } from './watched-source.ts';

const NOT_FOUND = 404;

/** The adapter over any engine, which is opened when it is first needed. */
export function dockerRuntime(name: string, open: () => Promise<Engine>): Required<ContainerRuntime> {
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

    async load(stream, { name: as, onBytes, signal }) {
      const { docker } = await engine();
      const source = watched(ociTar(stream, as, { withDockerManifest: true, ...(onBytes && { onBytes }) }));
      try {
        const tar = Readable.from(source.bytes, { objectMode: false });
        const answer = await docker.loadImage(tar, { quiet: true, ...(signal && { abortSignal: signal }) });
        await readEvents(bytesOf(answer, signal), `load ${as}`);
      } catch (error) {
        throw source.failure() ?? error;
      }
      // Only what was read to its end was verified to its end.
      if (!source.isWhole()) throw new CodedError('RUNTIME_FAILED', 'Docker did not read all of the image');
      return named(as, signal);
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

/**
 * Without force: a name goes, the image with its last name; one that a container uses is refused by Docker. `noprune`:
 * else nameless parents go too, whoever's they are.
 */
async function removeName(docker: Dockerode, full: string): Promise<void> {
  try {
    await docker.getImage(handle(full)).remove({ noprune: true });
  } catch (error) {
    if (statusOf(error) !== NOT_FOUND) throw error;
  }
}

/** `Image.get` of dockerode, which cannot be told to stop: a classic store writes all of it to disk before its first byte. */
function exportOf(docker: Dockerode, id: string, signal?: AbortSignal): Promise<NodeJS.ReadableStream> {
  const call = { path: `/images/${id}/get`, method: 'GET', isStream: true, statusCodes: { 200: true } };
  return new Promise((resolve, reject) =>
    docker.modem.dial({ ...call, ...(signal && { abortSignal: signal }) }, (error, answer) =>
      error ? reject(error) : resolve(answer as NodeJS.ReadableStream),
    ),
  );
}

async function listImages(docker: Dockerode, signal?: AbortSignal): Promise<DockerImages> {
  const options = { manifests: true, ...(signal && { abortSignal: signal }) };
  return parseImages(await docker.listImages(options as Dockerode.ListImagesOptions));
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

/** What goes into a URL's path: an ID or a full name, and nothing else. */
function handle(id: string): string {
  if (!isDigest(id)) parseReference(id);
  return id;
}

function nameParts(full: string): { readonly repo: string; readonly tag: string } {
  const { name, tag } = parseReference(full);
  if (tag !== undefined) return { repo: name, tag };
  throw new CodedError('REFERENCE_INVALID', `expected a full name with a tag, got ${full}`);
}
