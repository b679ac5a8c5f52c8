import { statfs, writeFile } from 'node:fs/promises';
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
  type RuntimeInfo,
  type VerifiedImage,
} from '@dangerzone-image/core';
import {
  followNote,
  forgetName,
  hasName,
  hasNote,
  markEnded,
  NO_SUCH_IMAGE,
  removeNote,
  writeNote,
} from './digest-name.ts';
import { imagesOf, type PodmanInfo, parseImages, parseInfo, parseVersions } from './podman-answers.ts';
import { type PodmanSurroundings, servicePlace, unavailable } from './podman-connection.ts';
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

  /**
   * In a tenth of the time of `podman info`, which asks the package manager about its parts. Nothing where it goes
   * through a service, and on 32-bit ARM, whose variant it does not tell.
   */
  const describeBriefly = async (): Promise<RuntimeInfo | undefined> => {
    const { Client, Server } = parseVersions(await ask(['version', '--format', 'json']));
    const [os, architecture, ...others] = Client.OsArch.split('/');
    if (Server || !os || !architecture || architecture === 'arm' || others.length > 0) return undefined;
    return {
      version: Client.Version,
      platform: { os, architecture },
      endpoint: 'Podman on this system',
      isRemote: false,
    };
  };

  const throughService = async ({ host, store }: PodmanInfo) => {
    const { address, isMachine } = await servicePlace(run, surroundings);
    const { graphRootAllocated: size, graphRootUsed: used } = store;
    return {
      endpoint: address ?? host.remoteSocket?.path ?? 'a remote connection',
      isRemote: !isMachine,
      // Its path is over there. What the disk keeps for root counts as free here: at most this much is.
      ...(size !== undefined && used !== undefined && { freeBytes: Math.max(0, size - used) }),
    };
  };

  const isService = async (signal?: AbortSignal): Promise<boolean> =>
    Boolean(parseVersions(await ask(['version', '--format', 'json'], signal)).Server);

  const { place = '' } = surroundings;
  /** A pull that ends with our name alone: the one that Podman gives by itself is noted before, and goes where it is ours. */
  const pulledAs = async (reference: string, { folder, name, pull, isOurs }: NamedPull): Promise<void> => {
    if (isOurs) await writeNote(folder, { reference, place });
    const settle = async () => {
      if (isOurs) await forgetName(run, reference);
      await removeNote(folder);
    };
    try {
      await pull();
      await markEnded(folder);
      if (await hasName(run, reference)) await run(['tag', '--', reference, name]);
    } catch (error) {
      await settle().catch(() => undefined); // told to stop at its end, it may have given the name
      throw error;
    }
    await settle();
  };
  const inFolder = <T>(work: (folder: string) => Promise<T>) => withSpoolFolder(work, { isNeeded: hasNote });
  const sweep = () =>
    sweepSpoolFolders(async (folder) => {
      await removeLayout(folder); // a Podman that outlived us finds its end there
      return followNote(run, place, folder);
    });

  return {
    name: 'podman',

    async info({ brief = false } = {}) {
      const described = brief ? await describeBriefly() : undefined;
      if (described) return described;
      const info = parseInfo(await ask(['info', '--format', 'json']));
      const { host, store, version } = info;
      return {
        version: version.Version,
        platform: { os: host.os, architecture: host.arch, ...(host.variant && { variant: host.variant }) },
        store: store.graphDriverName,
        isRootless: host.security?.rootless ?? false,
        ...(host.serviceIsRemote ? await throughService(info) : await onThisSystem(info)),
      };
    },

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
        await pulledAs(reference, { folder, name, pull, isOurs });
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
        if (await isService(signal)) await run(['load', '--quiet'], { ...call, input: ociTar(stream, name, options) });
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
          await pulledAs(`localhost/${layout}:latest`, { folder, name, pull, isOurs: true });
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

interface NamedPull {
  readonly folder: string;
  readonly name: string;
  readonly pull: () => Promise<unknown>;
  /** Whether Podman's own name for it is new. */
  readonly isOurs: boolean;
}

async function onThisSystem({ store }: PodmanInfo) {
  const { bavail, bsize } = await statfs(store.graphRoot);
  return { endpoint: store.graphRoot, isRemote: false, freeBytes: bavail * bsize };
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
