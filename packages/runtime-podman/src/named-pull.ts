import type { VerifiedImage } from '@dangerzone-image/core';
import { forgetName, hasName, markEnded, removeNote, writeNote } from './digest-name.ts';
import type { RunPodman } from './run-podman.ts';

/** A pull says nothing on its way. Slower than this nobody waits, and a timer's run must end at some time. */
const SLOWEST_BYTES_PER_SECOND = 32 * 1024;
const PULL_START_MS = 10 * 60_000;
const MOST_TIMER_MS = 2 ** 31 - 1;

export function longestPullMs({ size }: VerifiedImage): number {
  return Math.min(PULL_START_MS + Math.ceil(size / SLOWEST_BYTES_PER_SECOND) * 1000, MOST_TIMER_MS);
}

export interface NamedPull {
  /** The name that Podman gives by itself, and the one that the image is to have. */
  readonly given: string;
  readonly name: string;
  /** The call's own folder. */
  readonly folder: string;
  /** Which Podman and which of its stores. */
  readonly place: string;
  readonly pull: () => Promise<unknown>;
  /** Whether the name that Podman gives is new. */
  readonly isOurs: boolean;
}

/** A pull that ends with our name alone: the one that Podman gives by itself is noted before, and goes where it is ours. */
export async function pullAs(run: RunPodman, { given, name, folder, place, pull, isOurs }: NamedPull): Promise<void> {
  if (isOurs) await writeNote(folder, { reference: given, place });
  const settle = async () => {
    if (isOurs) await forgetName(run, given);
    await removeNote(folder);
  };
  try {
    await pull();
    await markEnded(folder);
    if (await hasName(run, given)) await run(['tag', '--', given, name]);
  } catch (error) {
    await settle().catch(() => undefined); // told to stop at its end, it may have given the name
    throw error;
  }
  await settle();
}
