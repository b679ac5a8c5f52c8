import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CreateRuntime, Digest, LocalImage, RuntimeOptions } from '@dangerzone-image/core';
import { CodedError, codeOf, findProgram, formatPlatform, hostPlatform, ociTar } from '@dangerzone-image/core';
import { execa } from 'execa';

type Row = { readonly Name: string; readonly Digest: Digest; readonly Platform: string };

/** The runtime `nerdctl`. Options are flags of its own: `address=SOCKET`, `namespace=NAME`, `snapshotter=NAME`. */
export const createRuntime: CreateRuntime = (options) => {
  const flags = Object.entries(options).map(([key, value]) => {
    if (['address', 'namespace', 'snapshotter'].includes(key) && value !== '') return `--${key}=${value}`;
    throw new CodedError('USAGE', `runtime nerdctl takes no option "${key}"`);
  });
  const nerdctl = async (words: readonly string[], { signal }: RuntimeOptions = {}): Promise<string> => {
    const program = await findProgram('nerdctl');
    if (!program) throw unavailable('nerdctl is not installed, or not in PATH');
    const cancelSignal = signal && { cancelSignal: signal };
    const running = execa(program, [...flags, ...words], { stdin: 'ignore', preferLocal: false, ...cancelSignal });
    return (await running.catch((error) => Promise.reject(signal?.aborted ? signal.reason : error))).stdout;
  };
  /** One for each name and platform. An image that is here for other platforms only cannot be run: it is left out. */
  const rows = async (call?: RuntimeOptions): Promise<Row[]> => {
    const text = await nerdctl(['images', '--no-trunc', '--format', '{{json .}}'], call);
    const all: Row[] = text.split('\n').flatMap((line) => (line === '' ? [] : JSON.parse(line)));
    return all.filter(({ Platform }) => `${Platform}/`.startsWith(`${formatPlatform(hostPlatform())}/`));
  };
  /** containerd's handle is the digest of the index, or of the manifest where there is no index. */
  const images = async (repository: string, call?: RuntimeOptions): Promise<LocalImage[]> => {
    const own = (await rows(call)).filter(({ Name }) => Name.startsWith(`${repository}:`));
    const byDigest = Map.groupBy(own, ({ Digest }) => Digest);
    return [...byDigest].map(([id, named]) => ({ id, digests: [id], names: named.map(({ Name }) => Name) }));
  };
  return {
    name: 'nerdctl',
    images,
    async info() {
      const info = JSON.parse(await nerdctl(['info', '--format', '{{json .}}']).catch(notAnswering));
      const endpoint = options.address ?? process.env.CONTAINERD_ADDRESS ?? 'containerd';
      const isRootless = info.SecurityOptions?.includes('name=rootless') ?? false;
      const place = { platform: hostPlatform(), endpoint, isRemote: false, isRootless };
      return { ...place, version: info.ServerVersion, store: info.Driver };
    },
    /** By a file that was verified to its end: Node pipes by sockets, and nerdctl takes none for its input. */
    async load(stream, { name, onBytes, signal }) {
      const folder = await mkdtemp(join(process.env.TMPDIR || '/var/tmp', 'dangerzone-image-'));
      try {
        await writeFile(join(folder, 'image.tar'), ociTar(stream, name, { ...(onBytes && { onBytes }) }));
        const platform = `--platform=${formatPlatform(stream.image.platform)}`;
        await nerdctl(['load', '--quiet', platform, `--input=${join(folder, 'image.tar')}`], {
          ...(signal && { signal }),
        });
      } finally {
        await rm(folder, { recursive: true });
      }
      const found = (await images(name.slice(0, name.lastIndexOf(':')))).find(({ names }) => names.includes(name));
      return found ?? { id: 'nothing', digests: [], names: [] }; // a claim that fits no chain: core refuses it
    },
    async tag({ id }, name) {
      await nerdctl(['tag', '--', id, name]);
    },
    /** Without force, and only what is this image's still. */
    async remove({ id, names }) {
      const own = (await rows()).filter(({ Digest, Name }) => Digest === id && names.includes(Name));
      for (const { Name } of own) await nerdctl(['rmi', '--', Name]);
    },
  };
};

function unavailable(message: string, cause?: unknown): CodedError {
  const suggestions = ['See whether `nerdctl info` works in a terminal.'];
  return new CodedError('RUNTIME_UNAVAILABLE', message, { cause, suggestions });
}

function notAnswering(error: unknown): never {
  throw codeOf(error) ? error : unavailable('nerdctl does not reach containerd', error);
}
