import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildTestArchive, type TestArchiveOptions, type TestImage } from '@dangerzone-image/core/testing';
import type { World } from './world.ts';

/** An archive of a release of this world’s publisher, as a file of its machine. */
export async function writeArchive(
  { folder, signer }: World,
  image: TestImage,
  options: TestArchiveOptions & { readonly name?: string } = {},
): Promise<string> {
  const { name = 'image.tar', ...form } = options;
  return writeBytes(folder, name, buildTestArchive(image, { signers: [signer], ...form }));
}

export async function writeBytes(folder: string, name: string, bytes: Uint8Array): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, bytes);
  return path;
}
