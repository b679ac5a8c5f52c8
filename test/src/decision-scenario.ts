import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FaultHook, TestImage } from '@dangerzone-image/core/testing';
import { writeArchive } from './archives.ts';
import type { Outcome, World } from './world.ts';

/** What one run of `auto` came to. */
export interface Decided {
  readonly did: string;
  readonly code: number | null;
  /** Row of the table, as the result or the error has it. */
  readonly row: number | undefined;
  /** The status, or the error's code. */
  readonly came: string;
  /** The month of the release that is installed then, as far as the result says. */
  readonly month?: number;
  /** Requests that left the machine: none, for the tag and documents only, or for layers too. */
  readonly asked: 'nothing' | 'documents' | 'layers';
}

export interface DecisionScene {
  readonly world: World;
  readonly release: (month: number) => TestImage;
  /** Takes the image out of the engine, past everything of ours. */
  readonly loseImage: () => Promise<unknown>;
  /** From now on the registry has no layers, or has them again. */
  readonly setBroken: (isBroken: boolean) => void;
}

/** For `createWorld`: a registry that loses this release's layers when it is told to. */
export function breakableRegistry({ manifests }: TestImage) {
  const layers = manifests.flatMap((manifest) => manifest.layers.map(({ digest }) => digest));
  let isBroken = false;
  const fault: FaultHook = ({ path }) =>
    isBroken && layers.some((digest) => path.endsWith(`/blobs/${digest}`)) ? { status: 404 } : undefined;
  return {
    fault,
    setBroken(value: boolean) {
      isBroken = value;
    },
  };
}

/** Acceptance 14, row by row, and the archives' half of 7: what an application does at its start in a year of one machine. */
export async function playDecisions({ world, release, loseImage, setBroken }: DecisionScene): Promise<Decided[]> {
  const decided: Decided[] = [];
  const months = new Map<string, number>();
  const publish = (month: number) => void months.set(world.publish(release(month)).digest, month);
  const auto = async (did: string, ...flags: string[]) => {
    world.registry.requests.length = 0;
    const outcome = await world.run(['auto', ...flags]);
    decided.push({ did, ...comeOf(outcome, months), asked: askedFor(world, months.size, release) });
    return outcome;
  };
  const run = async (...words: string[]) => {
    const outcome = await world.run(words);
    if (outcome.code !== 0) throw new Error(`${words.join(' ')}: ${outcome.stdout}${outcome.stderr}`);
    return outcome;
  };
  const bundle = async (month: number) => {
    await writeArchive(world, release(month), { name: 'bundled.tar' });
    await world.writeProfile({ bundledArchive: 'bundled.tar' });
  };

  publish(2);
  publish(1);
  await auto('12: nothing is installed or bundled, and nobody decided');
  await bundle(1);
  await auto('9: nothing is installed, one is bundled');
  await auto('15: all the same');
  publish(2);
  await run('check');
  await auto('13: nobody decided, a newer one is known');
  await run('updates', 'on');
  await run('pin');
  await auto('1: updates are on, and it is pinned');
  await run('unpin');
  await run('updates', 'ask');
  await auto('5: to be asked first, and no terminal');
  await auto('6: to be asked first, and the answer is yes', '--yes');
  await auto('14: the bundled one is older');
  publish(1);
  await makeDue(world);
  await auto('3, 14: the registry went back');
  publish(3);
  await run('updates', 'on');
  await auto('15: a newer one is there, and it is not time to look');
  await makeDue(world);
  await auto('3, 4: it is time to look');
  publish(4);
  await makeDue(world);
  setBroken(true);
  await auto('8: the update fails');
  setBroken(false);
  await auto('8: and is not tried again at once');
  await run('verify-local');
  await makeDue(world);
  await forget(world, 'failedInstall');
  await auto('4: later it is');
  await bundle(5);
  months.set(release(5).digest, 5);
  await auto('9: the application brings a newer one');

  await bundle(1);
  await loseImage();
  publish(1);
  await makeDue(world);
  await auto('3, 10: the image is gone, the bundled one and the registry are behind');
  await run('updates', 'off');
  await auto('11: the same with updates off');
  const { floor } = (await run('status')).json;
  const forced = await auto('11: by force', '--force');
  const after = (await run('status')).json;
  if (JSON.stringify(after.floor) !== JSON.stringify(floor)) throw new Error('the floor moved');
  if (!forced.stderr.includes('--force')) throw new Error('force was not announced');

  await rm(world.state, { recursive: true });
  await auto('2: the state is gone, and the bundled archive tells what the image is');
  await rm(world.state, { recursive: true });
  await world.writeProfile({});
  await auto('2: the state is gone, and nothing tells what the image is');
  await run('upgrade');
  await auto('15: upgrade mends it');
  return decided;
}

/** The same on every runtime. */
export const decisions: readonly Decided[] = [
  ['12: nothing is installed or bundled, and nobody decided', 6, 12, 'IMAGE_NOT_INSTALLED', undefined, 'nothing'],
  ['9: nothing is installed, one is bundled', 0, 9, 'installed', 1, 'nothing'],
  ['15: all the same', 0, 15, 'up-to-date', 1, 'nothing'],
  ['13: nobody decided, a newer one is known', 0, 13, 'update-available', 1, 'nothing'],
  ['1: updates are on, and it is pinned', 0, 1, 'pinned', 1, 'nothing'],
  ['5: to be asked first, and no terminal', 9, 7, 'CONSENT_DECLINED', undefined, 'nothing'],
  ['6: to be asked first, and the answer is yes', 0, 6, 'upgraded', 2, 'layers'],
  ['14: the bundled one is older', 0, 14, 'up-to-date', 2, 'nothing'],
  ['3, 14: the registry went back', 0, 14, 'up-to-date', 2, 'documents'],
  ['15: a newer one is there, and it is not time to look', 0, 14, 'up-to-date', 2, 'nothing'],
  ['3, 4: it is time to look', 0, 4, 'upgraded', 3, 'layers'],
  ['8: the update fails', 0, 8, 'update-failed', 3, 'layers'],
  ['8: and is not tried again at once', 0, 8, 'update-failed', 3, 'nothing'],
  ['4: later it is', 0, 4, 'upgraded', 4, 'layers'],
  ['9: the application brings a newer one', 0, 9, 'upgraded', 5, 'nothing'],
  [
    '3, 10: the image is gone, the bundled one and the registry are behind',
    4,
    10,
    'ROLLBACK_REFUSED',
    undefined,
    'documents',
  ],
  ['11: the same with updates off', 4, 11, 'ROLLBACK_REFUSED', undefined, 'nothing'],
  ['11: by force', 0, 11, 'installed', 1, 'nothing'],
  ['2: the state is gone, and the bundled archive tells what the image is', 0, 15, 'up-to-date', 1, 'nothing'],
  ['2: the state is gone, and nothing tells what the image is', 3, 2, 'IMAGE_NOT_VERIFIED', undefined, 'nothing'],
  ['15: upgrade mends it', 0, 15, 'up-to-date', 1, 'nothing'],
].map(([did, code, row, came, month, asked]) => ({ did, code, row, came, ...(month && { month }), asked }) as Decided);

function comeOf(
  { code, json }: Outcome,
  months: ReadonlyMap<string, number>,
): Pick<Decided, 'code' | 'row' | 'came' | 'month'> {
  const { status, image, error, decision } = json as typeof json & { decision?: { row: number } };
  const details = error?.details as { row?: number; decision?: { row: number } } | undefined;
  const month = image && months.get(image.digest);
  return {
    code,
    row: decision?.row ?? details?.row ?? details?.decision?.row,
    came: error?.code ?? status,
    ...(month !== undefined && { month }),
  };
}

/** Configs are documents too, and blobs. */
function askedFor({ registry }: World, months: number, release: (month: number) => TestImage): Decided['asked'] {
  if (registry.requests.length === 0) return 'nothing';
  const all = Array.from({ length: months }, (_, at) => release(at + 1));
  const layers = all.flatMap(({ manifests }) => manifests.flatMap((manifest) => manifest.layers));
  return layers.some(({ digest }) => registry.requests.some((line) => line.includes(digest))) ? 'layers' : 'documents';
}

/** As if the last look at the registry were long ago. */
/** The last check was long ago. */
export async function makeDue(world: World): Promise<void> {
  await changeLedger(world, (ledger) => {
    if (ledger.lastCheck) ledger.lastCheck.time = '2020-01-01T00:00:00.000Z';
    delete ledger.failedChecks;
  });
}

function forget(world: World, member: string): Promise<void> {
  return changeLedger(world, (ledger) => delete ledger[member]);
}

// biome-ignore lint/suspicious/noExplicitAny: the file as it is, for a test that plays time
async function changeLedger({ state }: World, change: (ledger: any) => void): Promise<void> {
  const file = join(state, 'ledger.json');
  const ledger = JSON.parse(await readFile(file, 'utf8'));
  change(ledger);
  await writeFile(file, `${JSON.stringify(ledger, undefined, 2)}\n`);
}
