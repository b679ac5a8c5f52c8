import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CodedError,
  type CreateRuntime,
  codeOf,
  formatPlatform,
  type LocalImage,
  ociLayout,
  ociTar,
  parseReference,
  type VerifiedImage,
} from '@dangerzone-image/core';
import { describePodman, isService } from './describe-podman.ts';
import { followNote, hasName, hasNote, NO_SUCH_IMAGE } from './digest-name.ts';
import { pullAs } from './named-pull.ts';
import { imagesOf, parseImages } from './podman-answers.ts';
import { type PodmanSurroundings, unavailable } from './podman-connection.ts';
import { type PodmanCommand, readPodmanOptions } from './podman-options.ts';
import { podmanReader, type ReadPodman } from './read-podman.ts';
import { podmanRunner, type RunPodman } from './run-podman.ts';
import { saveImage } from './save-image.ts';
import { sweepSpoolFolders, withSpoolFolder } from './spool-folder.ts';
import { layoutIn, removeLayout, spoolLayout } from './spool-layout.ts';

/** A pull says nothing on its way. Slower than this nobody waits, and a timer's run must end at some time. */
const SLOWEST_BYTES_PER_SECOND = 32 * 1024;
const PULL_START_MS = 10 * 60_000;
const MOST_TIMER_MS = 2 ** 31 - 1;

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
      const options = { ...(onBytes && { onBytes }) };
      return inFolder(async (folder) => {
        // Podman keeps copies of what it is given in TMPDIR: in a folder of ours they go, whatever ends Podman.
        const call = { signal, env: { TMPDIR: folder } };
        if (await isService(ask, signal))
          await run(['load', '--quiet'], { ...call, input: ociTar(stream, name, options) });
        else {
          const layout = layoutIn(folder);
          const files = ociLayout(stream, name, { ...options, isTransient: true });
          await spoolLayout(files, join(folder, layout), signal);
          const timeoutMs = longestPullMs(stream.image);
          let cleared: Promise<unknown> | undefined;
          const pull = async () => {
            await run(['pull', '--quiet', '--', `oci:${layout}:${name}`], { ...call, cwd: folder, timeoutMs });
            // Takes a while for so many bytes; what it cannot clear, goes with the folder.
            cleared = removeLayout(folder).catch(() => undefined);
          };
          await pullAs(run, { given: `localhost/${layout}:latest`, name, folder, place, pull, isOurs: true });
          await cleared;
        }
        return named(name, signal);
      });
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

function longestPullMs({ size }: VerifiedImage): number {
  return Math.min(PULL_START_MS + Math.ceil(size / SLOWEST_BYTES_PER_SECOND) * 1000, MOST_TIMER_MS);
}

async function pullWords({ name, platform }: VerifiedImage, reference: string, authfile: string): Promise<string[]> {
  const { registryOrigin } = await import('@dangerzone-image/core/registry');
  const { protocol } = registryOrigin(parseReference(name).registry);
  const insecure = protocol === 'http:' ? ['--tls-verify=false'] : [];
  const flags = ['--quiet', `--authfile=${authfile}`, `--platform=${formatPlatform(platform)}`, ...insecure];
  return ['pull', ...flags, '--', reference];
}
