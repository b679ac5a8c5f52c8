import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Step, steps } from '@dangerzone-image/core';
import type { TestImage } from '@dangerzone-image/core/testing';
import { expect } from 'vitest';
import { writeArchive } from './archives.ts';
import { killedAt } from './killed-at.ts';
import type { Outcome, World } from './world.ts';

/** An archive is asked for no tag, and nothing of it is downloaded. */
const online: readonly Step[] = ['resolve', 'download'];
export const stepsOf = (verb: string) => steps.filter((step) => verb !== 'load-archive' || !online.includes(step));

/** Before these nothing has happened on an engine. */
export const stepsAtTheEngine = steps.slice(steps.indexOf('transfer'));
/** In the steps: content is on its way to the engine; both images have a name of ours. */
export const momentsAtTheEngine = ['first-byte', 'half-way', 'last-byte', 'between-tags'];

export interface Kill {
  readonly world: World;
  /** The verb, and how it gets at the image; an archive is written for it. */
  readonly words: readonly string[];
  readonly releases: readonly [installed: TestImage, offered: TestImage];
  /** Dies with release 2 on its way. */
  readonly die: (words: readonly string[]) => Promise<unknown>;
  /** What the engine itself is asked, right after the kill and in the end. */
  readonly requireUsable?: () => Promise<void>;
}

export interface Recovery {
  /** The kill came too late to keep the new release out. */
  readonly wasInstalled: boolean;
  readonly next: Outcome;
}

/** Kills at one moment of our own. */
export const at = (world: World, moment: string) => async (words: readonly string[]) =>
  expect(await killedAt(world, moment, words)).toBe('SIGKILL');

/** Acceptance 10: what died in between leaves one of the two releases, as it is and at once, and the next run ends whole. */
export async function requireRecovery({
  world,
  words,
  releases: [one, two],
  die,
  requireUsable,
}: Kill): Promise<Recovery> {
  expect(await world.run(await offer(world, words, one))).toMatchObject({ code: 0 });
  const again = await offer(world, words, two);
  await die(again);

  const between = await world.run(['verify-local']);
  expect(between.code).toBe(0);
  expect([one.digest, two.digest]).toContain(between.json.image.digest);
  expect(await world.run(['history', '--verify'])).toMatchObject({ code: 0, json: { status: 'consistent' } });
  await requireUsable?.();

  const next = await world.run(again);
  expect(next).toMatchObject({ code: 0 });
  await requireWhole(world, two);
  await requireUsable?.();
  return { wasInstalled: between.json.image.digest === two.digest, next };
}

/** The release verifies, the journal is sound, and of what is written meanwhile nothing is left. */
export async function requireWhole(world: World, { digest }: TestImage): Promise<void> {
  expect(await world.run(['verify-local'])).toMatchObject({ code: 0, json: { image: { digest } } });
  expect(await world.run(['history', '--verify'])).toMatchObject({ code: 0, json: { status: 'consistent' } });
  const state = await readdir(world.state, { recursive: true });
  expect(state.filter((name) => /part|tmp|temp|downloads/.test(name))).toEqual([]);
  expect(await readdir(join(world.folder, 'spool'))).toEqual([]);
}

async function offer(world: World, words: readonly string[], image: TestImage): Promise<readonly string[]> {
  if (words[0] === 'load-archive') return [...words, await writeArchive(world, image)];
  world.publish(image);
  return words;
}
