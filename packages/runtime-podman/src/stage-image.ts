import { join } from 'node:path';
import {
  type LocalImage,
  ociLayout,
  type StagedImage,
  type TransferOptions,
  type VerifiedImage,
  type VerifiedStream,
} from '@dangerzone-image/core';
import { hasNote } from './digest-name.ts';
import { pullAs } from './named-pull.ts';
import type { RunPodman } from './run-podman.ts';
import { holdSpoolFolder } from './spool-folder.ts';
import { layoutIn, removeLayout, spoolLayout } from './spool-layout.ts';

/** A pull says nothing on its way. Slower than this nobody waits, and a timer's run must end at some time. */
const SLOWEST_BYTES_PER_SECOND = 32 * 1024;
const PULL_START_MS = 10 * 60_000;
const MOST_TIMER_MS = 2 ** 31 - 1;

export function longestPullMs({ size }: VerifiedImage): number {
  return Math.min(PULL_START_MS + Math.ceil(size / SLOWEST_BYTES_PER_SECOND) * 1000, MOST_TIMER_MS);
}

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
