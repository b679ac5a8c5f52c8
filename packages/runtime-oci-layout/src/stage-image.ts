import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Descriptor, hexOf, type VerifiedStream } from '@dangerzone-image/core';
import type { OciLayout } from './oci-layout.ts';

/** In the layout's own folder, so that moving in is a rename; left-overs of a killed run go at the next load. */
const STAGING = '.dangerzone-image-staging';

export interface StagedImage {
  /** What a name will point to: the index, or the manifest where there is none. */
  readonly root: Descriptor;
  moveIn(): Promise<void>;
  discard(): Promise<void>;
}

/** Writes every blob beside the store; only when the last one has proved right are they moved in. */
export async function stageImage(
  stream: VerifiedStream,
  layout: OciLayout,
  onBytes: (bytes: number) => void = () => {},
): Promise<StagedImage> {
  const staging = join(layout.path, STAGING);
  const discard = () => rm(staging, { recursive: true, force: true });
  await discard();
  await mkdir(staging, { recursive: true });
  try {
    const roots = await writeAll(stream, staging, onBytes);
    return { root: roots.at(-1) as Descriptor, moveIn: () => moveAll(staging, layout), discard };
  } catch (error) {
    await discard();
    throw error;
  }
}

async function writeAll(
  stream: VerifiedStream,
  staging: string,
  onBytes: (bytes: number) => void,
): Promise<Descriptor[]> {
  let written = 0;
  for await (const { descriptor, content } of stream.blobs({ isTransient: true })) {
    const counted = async function* () {
      for await (const chunk of content) {
        written += chunk.length;
        onBytes(written);
        yield chunk;
      }
    };
    await writeFile(join(staging, hexOf(descriptor.digest)), counted(), { flush: true });
  }
  const roots = stream.roots();
  for (const { descriptor, bytes } of roots)
    await writeFile(join(staging, hexOf(descriptor.digest)), bytes, { flush: true });
  return roots.map(({ descriptor }) => descriptor);
}

async function moveAll(staging: string, layout: OciLayout): Promise<void> {
  await mkdir(join(layout.path, 'blobs', 'sha256'), { recursive: true });
  for (const hex of await readdir(staging)) await rename(join(staging, hex), layout.blobPath(`sha256:${hex}`));
}
