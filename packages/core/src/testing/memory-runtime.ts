import { hostPlatform } from '../oci/platform.ts';
import type { ContainerRuntime, LocalImage } from '../runtime/container-runtime.ts';

/** A runtime that keeps only what it would report. For unit tests of core; `tamper` stands in for who may write its store. */
export function memoryRuntime(
  overrides: Partial<ContainerRuntime> = {},
): ContainerRuntime & { tamper(image: LocalImage): void; all(): readonly LocalImage[] } {
  let stored: LocalImage[] = [];
  const nameOnly = (image: LocalImage, name: string) => {
    const others = stored
      .filter(({ id }) => id !== image.id)
      .map((other) => ({ ...other, names: other.names.filter((given) => given !== name) }));
    const names = [...(stored.find(({ id }) => id === image.id)?.names ?? []).filter((given) => given !== name), name];
    stored = [...others, { ...image, names }];
    return { ...image, names };
  };
  return {
    name: 'memory',
    async info() {
      return { version: '1', platform: hostPlatform(), store: 'memory', endpoint: 'memory', isRemote: false };
    },
    async images(repository) {
      return stored.filter(({ names }) => names.some((name) => name.startsWith(`${repository}:`)));
    },
    async load(stream, { name, onBytes }) {
      let bytes = 0;
      for await (const { content } of stream.blobs()) {
        for await (const chunk of content) {
          bytes += chunk.length;
          onBytes?.(bytes);
        }
      }
      const digests = stream.roots().map(({ descriptor }) => descriptor.digest);
      return nameOnly({ id: stream.image.config.digest, digests, names: [] }, name);
    },
    async tag(image, name) {
      nameOnly(image, name);
    },
    async remove({ id, names: gone }) {
      stored = stored
        .map((image) =>
          image.id === id ? { ...image, names: image.names.filter((name) => !gone.includes(name)) } : image,
        )
        .filter(({ names }) => names.length > 0);
    },
    ...overrides,
    tamper(image) {
      for (const name of image.names) nameOnly(image, name);
    },
    all: () => stored,
  };
}
