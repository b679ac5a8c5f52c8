import { type ImageManifest, type Platform, parseJson, parseShape } from '@dangerzone-image/core';
import * as v from 'valibot';
import { type ArchiveReader, asFaultOf, blobOf, readDocument, requireBlob } from './archive-reader.ts';

const word = v.pipe(v.string(), v.maxLength(64));
const schema = v.object({ os: word, architecture: word, variant: v.optional(word) });

/** The platform that an image's own config states; its layers must all be there. */
export async function readConfigPlatform(reader: ArchiveReader, manifest: ImageManifest): Promise<Platform> {
  const who = `manifest ${manifest.digest}`;
  for (const layer of manifest.layers) requireBlob(reader, layer, who);
  const bytes = await readDocument(reader, manifest.config, who);
  const place = { where: `config ${manifest.config.digest}`, code: 'MANIFEST_INVALID' } as const;
  const { os, architecture, variant } = await asFaultOf(reader, blobOf(reader, manifest.config.digest), () =>
    parseShape(schema, parseJson(bytes, place), place),
  );
  return { os, architecture, ...(variant && { variant }) };
}
