import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CodedError,
  type CreateRuntime,
  codeOf,
  formatPlatform,
  type LocalImage,
  ociTar,
  parseReference,
  registryOrigin,
} from '@dangerzone-image/core';
import { imagesOf, parseImages, parseInfo } from './podman-answers.ts';
import { type PodmanSurroundings, remoteAddress, unavailable } from './podman-connection.ts';
import { readPodmanOptions } from './podman-options.ts';
import { podmanRunner, type RunPodman } from './run-podman.ts';

/** `podman rmi` (podman-rmi(1), "EXIT STATUS"): the image was not there. */
const NO_SUCH_IMAGE = 1;

/** The runtime `podman`. Options: `command=PATH`, `root=DIR`, `runroot=DIR`, `storageDriver=NAME`, `connection=NAME`. */
export const createRuntime: CreateRuntime = (options) =>
  podmanRuntime(podmanRunner(readPodmanOptions(options)), {
    platform: process.platform,
    env: process.env,
    connection: options.connection,
  });

/** The adapter over any way of running Podman. */
export function podmanRuntime(run: RunPodman, surroundings: PodmanSurroundings): ReturnType<CreateRuntime> {
  const images = async (repository: string, signal?: AbortSignal): Promise<LocalImage[]> =>
    imagesOf(repository, parseImages((await run(['images', '--format', 'json'], { signal })).stdout));
  const named = async (name: string, signal?: AbortSignal): Promise<LocalImage> => {
    const found = (await images(name.slice(0, name.lastIndexOf(':')), signal)).find(({ names }) =>
      names.includes(name),
    );
    return found ?? { id: 'nothing', digests: [], names: [] };
  };

  const askInfo = async (): Promise<string> => {
    try {
      return (await run(['info', '--format', 'json'])).stdout;
    } catch (error) {
      throw error instanceof Error && codeOf(error) === 'RUNTIME_FAILED'
        ? await unavailable(run, error as CodedError, surroundings)
        : error;
    }
  };

  return {
    name: 'podman',

    async info() {
      const { host, store, version } = parseInfo(await askInfo());
      const isRemote = host.serviceIsRemote ?? false;
      const { bavail, bsize } = isRemote ? { bavail: 0, bsize: 0 } : await statfs(store.graphRoot);
      return {
        version: version.Version,
        platform: { os: host.os, architecture: host.arch, ...(host.variant && { variant: host.variant }) },
        store: store.graphDriverName,
        endpoint: isRemote
          ? ((await remoteAddress(run, surroundings)) ?? host.remoteSocket?.path ?? 'a remote connection')
          : store.graphRoot,
        isRemote,
        isRootless: host.security?.rootless ?? false,
        ...(!isRemote && { freeBytes: bavail * bsize }),
      };
    },

    images: (repository, { signal } = {}) => images(repository, signal),

    /** By digest: the tag is ours afterwards. Podman gets no credentials, as ours was an anonymous look-up. */
    pull: (image, { name, signal }) =>
      inFolder(async (folder) => {
        const authfile = join(folder, 'auth.json');
        await writeFile(authfile, '{}', { mode: 0o600 });
        const reference = `${image.name}@${image.digest}`;
        // By its names: among the digests it is already when the image came by a load and has a tag of the repository.
        const rows = parseImages((await run(['images', '--format', 'json'], { signal })).stdout);
        const before = rows.some(({ Names }) => Names?.includes(reference));
        const { protocol } = registryOrigin(parseReference(image.name).registry);
        const insecure = protocol === 'http:' ? ['--tls-verify=false'] : [];
        const flags = [
          '--quiet',
          `--authfile=${authfile}`,
          `--platform=${formatPlatform(image.platform)}`,
          ...insecure,
        ];
        await run(['pull', ...flags, '--', reference], { signal, timeoutMs: 0 });
        await run(['tag', '--', reference, name], { signal });
        // The name by digest would keep the image when ours is taken off. One that was there before is somebody's.
        if (!before) await run(['untag', '--', reference, reference], { signal });
        return named(name, signal);
      }),

    load: (stream, { name, onBytes, signal }) =>
      inFolder(async (folder) => {
        const input = ociTar(stream, name, { ...(onBytes && { onBytes }) });
        // Podman keeps a copy of its input in TMPDIR: in a folder of ours it goes, whatever ends Podman.
        await run(['load', '--quiet'], { input, signal, env: { TMPDIR: folder } });
        return named(name, signal);
      }),

    async tag({ id }, name) {
      await run(['tag', '--', id, name]);
    },

    /**
     * Without force: a name goes, the image with its last name; one that a container uses is refused by Podman. A name
     * that another image has by now is that one's. `--no-prune`: else nameless parents go too, whoever's they are.
     */
    async remove({ id, names }) {
      const own = parseImages((await run(['images', '--format', 'json'])).stdout).find(({ Id }) => Id === id);
      for (const name of names.filter((listed) => own?.Names?.includes(listed)))
        await run(['rmi', '--no-prune', '--', name], { answers: [0, NO_SUCH_IMAGE] });
    },
  };
}

/** A private folder for one call; on Linux where Podman itself would spool, for /tmp is often too small for an image. */
async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const parent = process.env.TMPDIR || (process.platform === 'linux' ? '/var/tmp' : tmpdir());
  const folder = await mkdtemp(join(parent, 'dangerzone-image-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
