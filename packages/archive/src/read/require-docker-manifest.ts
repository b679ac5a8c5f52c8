import { parseJson, parseShape } from '@dangerzone-image/core';
import * as v from 'valibot';
import { archiveInvalid } from './archive-file.ts';
import { type ArchiveReader, asFaultOf, blobName, placeOf, readNamed } from './archive-reader.ts';
import type { HeldImage } from './read-contents.ts';

const NAME = 'manifest.json';
const text = v.pipe(v.string(), v.maxLength(1024));
const schema = v.strictTuple([
  v.strictObject({
    Config: text,
    RepoTags: v.optional(v.nullable(v.array(text))),
    Layers: v.pipe(v.array(text), v.maxLength(1000)),
  }),
]);

/**
 * Docker's own list, which old versions of it read in place of `index.json`: it must name exactly one of the images that
 * are listed there, or an engine that is given this file itself would run something else. Its tags are not looked at.
 */
export async function requireDockerManifest(reader: ArchiveReader, images: readonly HeldImage[]): Promise<void> {
  const bytes = await readNamed(reader, NAME);
  const member = reader.members.get(NAME);
  if (!bytes || !member) return;
  const place = { where: NAME, code: 'MANIFEST_INVALID' } as const;
  const [{ Config, Layers }] = await asFaultOf(reader, member, () =>
    parseShape(schema, parseJson(bytes, place), place),
  );
  const paths = [Config, ...Layers].map((path) => path.replace(/^\.\//, ''));
  const isListed = images.some(({ manifest: { config, layers } }) => {
    const own = [config, ...layers].map(({ digest }) => blobName(digest));
    return own.length === paths.length && own.every((path, position) => path === paths[position]);
  });
  if (!isListed) throw archiveInvalid(placeOf(reader, member), 'it names another image than index.json');
}
