import { statfs } from 'node:fs/promises';
import { resolve } from 'node:path';
import { CodedError, type CreateRuntime, hostPlatform, type LocalImage } from '@dangerzone-image/core';
import { OciLayout } from './oci-layout.ts';
import { saveImage } from './save-image.ts';
import { stageImage } from './stage-image.ts';

/** The runtime `oci-layout`: an OCI image layout folder in place of an engine. Option: `path=DIR`. */
export const createRuntime: CreateRuntime = (options) => {
  const layout = new OciLayout(requirePath(options));
  return {
    name: 'oci-layout',

    async info() {
      const { bavail, bsize } = await statfs(await layout.nearestFolder());
      const where = { endpoint: layout.path, isRemote: false, freeBytes: bavail * bsize };
      return { version: '1.0.0', platform: hostPlatform(), store: 'oci-layout', ...where };
    },

    async images(repository) {
      const images = new Map<string, LocalImage>();
      for (const { digest, name } of await layout.entries()) {
        if (!name?.startsWith(`${repository}:`)) continue;
        const known = images.get(digest) ?? { id: digest, digests: await layout.digestsOf(digest), names: [] };
        images.set(digest, { ...known, names: [...known.names, name] });
      }
      return [...images.values()];
    },

    async load(stream, { name, onBytes }) {
      const { root, moveIn, discard } = await stageImage(stream, layout, onBytes);
      try {
        await moveIn();
        await layout.setName(name, root);
      } finally {
        await discard();
      }
      return { id: root.digest, digests: await layout.digestsOf(root.digest), names: [name] };
    },

    save: (image, options) => saveImage(layout, image.id, options),

    async tag(image, name) {
      const entry = (await layout.entries()).find(({ digest }) => digest === image.id);
      if (!entry) throw new CodedError('RUNTIME_FAILED', `${layout.path} has no image ${image.id}`);
      await layout.setName(name, entry);
    },

    async remove(image) {
      await layout.removeNames(image.id, image.names);
    },
  };
};

function requirePath({ path, ...others }: Readonly<Record<string, string>>): string {
  const [unknown] = Object.keys(others);
  if (unknown !== undefined || !path) {
    throw new CodedError(
      'USAGE',
      unknown === undefined
        ? 'runtime oci-layout needs to know its folder'
        : `runtime oci-layout has no option "${unknown}"`,
      {
        suggestions: ['Give the folder that holds the images: --runtime-option path=DIR'],
      },
    );
  }
  return resolve(path);
}
