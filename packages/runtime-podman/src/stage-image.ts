import { join } from 'node:path';
import {
  type LocalImage,
  ociLayout,
  type StagedImage,
  type TransferOptions,
  type VerifiedStream,
} from '@dangerzone-image/core';
import { hasNote } from './digest-name.ts';
import { longestPullMs, pullAs } from './named-pull.ts';
import type { RunPodman } from './run-podman.ts';
import { holdSpoolFolder } from './spool-folder.ts';
import { layoutIn, removeLayout, spoolLayout } from './spool-layout.ts';

export interface StagingTools {
  readonly run: RunPodman;
  /** Which Podman and which of its stores. */
  readonly place: string;
  named(name: string, signal?: AbortSignal): Promise<LocalImage>;
}

/** As an image layout in a folder of ours, for Podman to pull from there. What Podman copies goes with the folder, too. */
export async function stageImage(
  { run, place, named }: StagingTools,
  stream: VerifiedStream,
  { name, onBytes, signal }: TransferOptions,
): Promise<StagedImage> {
  const spool = await holdSpoolFolder({ isNeeded: hasNote });
  const { folder } = spool;
  const dispose = () => spool[Symbol.asyncDispose]();
  try {
    const layout = layoutIn(folder);
    const files = ociLayout(stream, name, { isTransient: true, ...(onBytes && { onBytes }) });
    await spoolLayout(files, join(folder, layout), signal);
    const call = { cwd: folder, env: { TMPDIR: folder }, timeoutMs: longestPullMs(stream.image) };
    return {
      async load(loading = {}) {
        loading.onBytes?.(stream.image.size);
        let cleared: Promise<unknown> | undefined;
        const pull = async () => {
          await run(['pull', '--quiet', '--', `oci:${layout}:${name}`], { ...call, signal: loading.signal });
          // Takes a while for so many bytes; what it cannot clear, goes with the folder.
          cleared = removeLayout(folder).catch(() => undefined);
        };
        await pullAs(run, { given: `localhost/${layout}:latest`, name, folder, place, pull, isOurs: true });
        await cleared;
        return named(name, loading.signal);
      },
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}
