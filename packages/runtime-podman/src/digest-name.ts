import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseImages } from './podman-answers.ts';
import type { RunPodman } from './run-podman.ts';

/** `podman rmi` (podman-rmi(1), "EXIT STATUS"): the image was not there. */
export const NO_SUCH_IMAGE = 1;

const NOTE = 'pulled';
/** Beside the note: Podman has ended, and gives no name any more. */
const ENDED = 'ended';
/** Killed, we leave a Podman that still pulls; the name that it gives comes late. */
const LATEST_MS = 60 * 60_000;

/**
 * `repo@digest`, which Podman gives to what it pulls: it would keep the image when our own name goes. So it is taken
 * off, unless it was there before: then it is somebody's. A note in the call's own folder tells a later run of it.
 */
export interface DigestName {
  readonly reference: string;
  /** Which Podman and store: another one has other names. */
  readonly place: string;
}

export async function writeNote(folder: string, { reference, place }: DigestName): Promise<void> {
  await writeFile(join(folder, NOTE), `${reference}\n${place}\n`, { mode: 0o600, flag: 'wx' });
}

export async function markEnded(folder: string): Promise<void> {
  await writeFile(join(folder, ENDED), '', { mode: 0o600 });
}

export async function removeNote(folder: string): Promise<void> {
  await rm(join(folder, NOTE), { force: true });
}

export async function hasNote(folder: string): Promise<boolean> {
  return isThere(join(folder, NOTE));
}

async function isThere(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined)) !== undefined;
}

/** Whether the image has the name now. Asked of names: a digest is listed too where it came by a load and another name. */
export async function hasName(run: RunPodman, reference: string, signal?: AbortSignal): Promise<boolean> {
  const rows = parseImages((await run(['images', '--format', 'json'], { signal })).stdout);
  return rows.some(({ Names }) => Names?.includes(reference));
}

/**
 * Takes the name off; an image that has no other goes with it. Whether it was there. By `rmi` (tried on 4.3.1): `untag`
 * through a service does not know names by digest. Only what is a name: by a digest that is none, `rmi` takes others.
 */
export async function forgetName(run: RunPodman, reference: string): Promise<boolean> {
  if (!(await hasName(run, reference))) return false;
  await run(['rmi', '--no-prune', '--', reference], { answers: [0, NO_SUCH_IMAGE] });
  return true;
}

/** What a killed run noted: whether its folder may go. Notes of another store are that one's to follow. */
export async function followNote(run: RunPodman, place: string, folder: string): Promise<boolean> {
  const file = join(folder, NOTE);
  if (!(await hasNote(folder))) return true;
  const [reference = '', noted] = (await readFile(file, 'utf8')).split('\n');
  if (noted !== place) return false;
  const isDone = await forgetName(run, reference);
  return isDone || (await isThere(join(folder, ENDED))) || Date.now() - (await stat(file)).mtimeMs > LATEST_MS;
}
