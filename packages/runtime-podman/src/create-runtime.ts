import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CodedError,
  type CreateRuntime,
  codeOf,
  formatPlatform,
  type LocalImage,
  ociTar,
  parseReference,
  type TransferOptions,
  type VerifiedImage,
  type VerifiedStream,
} from '@dangerzone-image/core';
import { describePodman, isService } from './describe-podman.ts';
import { followNote, hasName, hasNote, NO_SUCH_IMAGE } from './digest-name.ts';
import { longestPullMs, pullAs } from './named-pull.ts';
import { imagesOf, parseImages } from './podman-answers.ts';
import { type PodmanSurroundings, unavailable } from './podman-connection.ts';
import { type PodmanCommand, readPodmanOptions } from './podman-options.ts';
import { podmanReader, type ReadPodman } from './read-podman.ts';
import { podmanRunner, type RunPodman } from './run-podman.ts';
import { saveImage } from './save-image.ts';
import { hasRoomFor, sweepSpoolFolders, withSpoolFolder } from './spool-folder.ts';
import { removeLayout } from './spool-layout.ts';
import { stageImage } from './stage-image.ts';

/** The runtime `podman`. Options: `command=PATH`, `root=DIR`, `runroot=DIR`, `storageDriver=NAME`, `connection=NAME`. */
export const createRuntime: CreateRuntime = (options) => {
  const command = readPodmanOptions(options);
  const { platform, env } = process;
  const surroundings = { platform, env, connection: options.connection, place: placeOf(command) };
  return podmanRuntime(podmanRunner(command), surroundings, podmanReader(command));
};

/** Which Podman and which of its stores, in one line. */
function placeOf({ program, globals }: PodmanCommand): string {
  return JSON.stringify([program, globals, process.env.CONTAINER_HOST, process.env.CONTAINER_CONNECTION]);
}

/** The adapter over any way of running Podman; without one to read its output as it comes, nothing is exported. */
export function podmanRuntime(
  run: RunPodman,
  surroundings: PodmanSurroundings,
  read?: ReadPodman,
): ReturnType<CreateRuntime> {
  /** What is asked of every engine: when that fails, nothing works. */
  const ask = async (words: readonly string[], signal?: AbortSignal): Promise<string> => {
    try {
      return (await run(words, { signal })).stdout;
    } catch (error) {
      throw error instanceof Error && codeOf(error) === 'RUNTIME_FAILED'
        ? await unavailable(run, error as CodedError, surroundings)
        : error;
    }
  };
  const images = async (repository: string, signal?: AbortSignal): Promise<LocalImage[]> =>
    imagesOf(repository, parseImages(await ask(['images', '--format', 'json'], signal)));
  const named = async (name: string, signal?: AbortSignal): Promise<LocalImage> => {
    const found = (await images(name.slice(0, name.lastIndexOf(':')), signal)).find(({ names }) =>
      names.includes(name),
    );
    return found ?? { id: 'nothing', digests: [], names: [] };
  };

  const { place = '' } = surroundings;
  const inFolder = <T>(work: (folder: string) => Promise<T>) => withSpoolFolder(work, { isNeeded: hasNote });
  const sweep = () =>
    sweepSpoolFolders(async (folder) => {
      await removeLayout(folder); // a Podman that outlived us finds its end there
      return followNote(run, place, folder);
    });

  const stage = (stream: VerifiedStream, options: TransferOptions) =>
    stageImage({ run, place, named }, stream, options);

  return {
    name: 'podman',

    info: (options) => describePodman(ask, run, surroundings, options),

    images: (repository, { signal } = {}) => images(repository, signal),

    /** By digest: the tag is ours afterwards. Podman gets no credentials, as ours was an anonymous look-up. */
    async pull(image, { name, signal, onBytes }) {
      await sweep();
      onBytes?.(0);
      const pulled = await inFolder(async (folder) => {
        const authfile = join(folder, 'auth.json');
        await writeFile(authfile, '{}', { mode: 0o600 });
        const reference = `${image.name}@${image.digest}`;
        const isOurs = !(await hasName(run, reference, signal));
        const words = await pullWords(image, reference, authfile);
        const pull = () => run(words, { signal, timeoutMs: longestPullMs(image) });
        await pullAs(run, { given: reference, name, folder, place, pull, isOurs });
        return named(name, signal);
      });
      onBytes?.(image.size);
      return pulled;
    },

    async load(stream, { name, onBytes, signal }) {
      await sweep();
      if (!(await isService(ask, signal))) {
        await using staged = await stage(stream, { name, ...(onBytes && { onBytes }), ...(signal && { signal }) });
        return await staged.load({ ...(signal && { signal }) });
      }
      const input = ociTar(stream, name, { ...(onBytes && { onBytes }) });
      return inFolder(async (folder) => {
        await run(['load', '--quiet'], { signal, env: { TMPDIR: folder }, input });
        return named(name, signal);
      });
    },

    async stage(stream, options) {
      const { size } = stream.image;
      if (await isService(ask, options.signal)) return undefined;
      await sweepSpoolFolders(async (folder) => {
        await removeLayout(folder);
        return !(await hasNote(folder)); // to follow a note, Podman would have to be asked
      });
      return (await hasRoomFor(size)) ? stage(stream, options) : undefined;
    },

    ...(read && {
      save: async function* ({ id }, { signal } = {}) {
        await sweep();
        yield* saveImage(read, id, { ...(signal && { signal }), isNeeded: hasNote });
      },
    }),

    async tag({ id }, name) {
      await run(['tag', '--', id, name]);
    },

    /**
     * Without force: a name goes, the image with its last name; one that a container uses is refused by Podman. A name
     * that another image has by now is that one's. `--no-prune`: else nameless parents go too, whoever's they are.
     */
    async remove({ id, names }) {
      await sweep();
      const own = parseImages((await run(['images', '--format', 'json'])).stdout).find(({ Id }) => Id === id);
      for (const name of names.filter((listed) => own?.Names?.includes(listed)))
        await run(['rmi', '--no-prune', '--', name], { answers: [0, NO_SUCH_IMAGE] });
    },
  };
}

async function pullWords({ name, platform }: VerifiedImage, reference: string, authfile: string): Promise<string[]> {
  const { registryOrigin } = await import('@dangerzone-image/core/registry');
  const { protocol } = registryOrigin(parseReference(name).registry);
  const insecure = protocol === 'http:' ? ['--tls-verify=false'] : [];
  const flags = ['--quiet', `--authfile=${authfile}`, `--platform=${formatPlatform(platform)}`, ...insecure];
  return ['pull', ...flags, '--', reference];
}
