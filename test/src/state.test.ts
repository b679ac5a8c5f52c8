import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { areFixturesHere, productionSignatures } from './real-signatures.ts';
import { createWorld, type Outcome, release, type World } from './world.ts';

/** The CLI's `state …` on this world's machine. */
function state(world: World, words: readonly string[]): Promise<Outcome & { json: StateResult }> {
  const local = ['--runtime', world.runtime.name, '--runtime-option', `path=${world.layout}`];
  const common = ['--profile', world.profile, '--state-dir', world.state, '--json'];
  return world.runBare(['state', ...words, ...common, ...local]) as Promise<Outcome & { json: StateResult }>;
}

interface StateResult {
  readonly status: string;
  readonly releases: readonly { readonly digest: string; readonly supersededAt?: string }[];
  readonly floors: readonly { readonly log: string; readonly index: number; readonly isSupported: boolean }[];
  readonly signatures: { readonly files: number; readonly damaged: readonly string[] };
  readonly documents: { readonly files: number };
  readonly actions: readonly { readonly type: string }[];
  readonly repairs: readonly { readonly what: readonly string[]; readonly floors?: readonly object[] }[];
  readonly problems: readonly { readonly code: string }[];
  readonly backup: string;
  readonly error: Outcome['json']['error'];
}

/** A machine with two releases, the second one installed, and a third on offer. */
async function createMachine() {
  const world = await createWorld();
  const one = world.publish(release(1));
  await world.run(['upgrade']);
  const two = world.publish(release(2));
  await world.run(['upgrade']);
  const path = (name: string) => join(world.state, name);
  const put = (name: string, content: string) => writeFileSync(path(name), content, { mode: 0o600 });
  const text = (name: string) => readFileSync(path(name), 'utf8');
  const [keyFolder = ''] = readdirSync(path('signatures')).filter((name) => name.length === 64);
  const files = (folder: string) => readdirSync(path(folder)).map((name) => `${folder}/${name}`);
  const signatureFiles = () => files(`signatures/${keyFolder}`);
  const documentFiles = () => files('manifests');
  const editLedger = (change: (ledger: { floors: Record<string, number> }) => void) => {
    const ledger = JSON.parse(text('ledger.json'));
    change(ledger);
    put('ledger.json', JSON.stringify(ledger));
  };
  return { world, one, two, path, put, text, signatureFiles, documentFiles, editLedger };
}

type Machine = Awaited<ReturnType<typeof createMachine>>;

/** Title, how it breaks, what `state show` calls it, what a repair does about it. */
const breakages: readonly [string, (machine: Machine) => void, string, string][] = [
  [
    'bad input 154: an unreadable ledger',
    ({ put }) => put('ledger.json', '{"schema":'),
    'ledger-damaged',
    'rebuild-ledger',
  ],
  [
    'bad input 96: a floor that is far too high',
    ({ editLedger }) =>
      editLedger(({ floors }) => {
        for (const log of Object.keys(floors)) floors[log] = 2 ** 52;
      }),
    'floor-unproven',
    'lower-floor',
  ],
  [
    'bad input 157: a ledger that is a symbolic link',
    ({ path }) => {
      rmSync(path('ledger.json'));
      symlinkSync('/etc/hostname', path('ledger.json'));
    },
    'ledger-damaged',
    'rebuild-ledger',
  ],
  [
    'bad input 162: stored signatures that were edited',
    ({ signatureFiles, text, put }) => {
      for (const name of signatureFiles()) put(name, text(name).replace('"Payload":"', '"Payload":"e30'));
    },
    'signatures-damaged',
    'move-aside',
  ],
  [
    'bad input 162: stored documents that were edited',
    ({ documentFiles, put }) => {
      for (const name of documentFiles()) put(name, '{}');
    },
    'document-damaged',
    'move-aside',
  ],
  [
    'bad input 167: a ledger of 1 GB',
    ({ path }) => truncateSync(path('ledger.json'), 2 ** 30),
    'ledger-damaged',
    'rebuild-ledger',
  ],
];

describe('state repair', () => {
  it.each(breakages)('%s: repaired, and everything works again', async (_, damage, problem, action) => {
    const machine = await createMachine();
    await using world = machine.world;
    damage(machine);
    const shown = await state(world, ['show']);
    expect(shown).toMatchObject({ code: 0, json: { status: 'damaged' } });
    expect(shown.json.problems.map(({ code }) => code)).toContain(problem);

    // Nothing is asked without a terminal, and nothing changed.
    expect(await state(world, ['repair'])).toMatchObject({ code: 9, json: { error: { code: 'CONSENT_DECLINED' } } });
    expect(await state(world, ['repair', '--dry-run'])).toMatchObject({ code: 0, json: { status: 'planned' } });
    expect((await state(world, ['show'])).json).toEqual(shown.json);

    const repaired = await state(world, ['repair', '--yes']);
    expect(repaired).toMatchObject({ code: 0, json: { status: 'repaired' } });
    expect(repaired.json.actions.map(({ type }) => type)).toContain(action);

    world.publish(release(3));
    expect(await world.run(['upgrade'])).toMatchObject({ code: 0, json: { image: expect.anything() } });
    expect((await world.run(['verify-local'])).code).toBe(0);
    expect((await world.run(['status'])).json.status).toBe('verified');
    const after = await state(world, ['show']);
    expect(after.json).toMatchObject({ status: 'healthy', problems: [] });
    expect(after.json.repairs[0]?.what).toContain(action);

    // Whatever was repaired, an image that was replaced by one that is still known, or below the floor, stays out.
    world.publish(release(2));
    expect((await world.run(['upgrade'])).code).toBe(4);
  });

  it('a floor that is too high shuts out the next release, says so, and is lowered with a record of it', async () => {
    const { world: machine, editLedger } = await createMachine();
    await using world = machine;
    const before = (await state(world, ['show'])).json.floors[0];
    editLedger(({ floors }) => {
      for (const log of Object.keys(floors)) floors[log] = 2 ** 52;
    });
    const three = world.publish(release(3));
    expect(await world.run(['upgrade'])).toMatchObject({ code: 4 });
    await state(world, ['repair', '--yes']);
    const { repairs, floors } = (await state(world, ['show'])).json;
    expect(floors[0]).toMatchObject({ isSupported: true });
    expect(repairs).toMatchObject([
      { what: ['lower-floor'], floors: [{ log: before?.log, before: 2 ** 52, after: floors[0]?.index }] },
    ]);
    expect((await world.run(['status'])).json.notices.join()).toContain('state repair');
    expect(await world.run(['upgrade'])).toMatchObject({ code: 0, json: { image: { digest: three.digest } } });
  });

  it('bad input 166: a newer version’s ledger is refused, and nothing is touched', async () => {
    const { world: machine, text, put } = await createMachine();
    await using world = machine;
    put('ledger.json', text('ledger.json').replace('"schema": 1', '"schema": 2'));
    const before = text('ledger.json');
    for (const verb of ['repair', 'reset']) {
      expect(await state(world, [verb, '--yes'])).toMatchObject({
        code: 8,
        json: { error: { code: 'STATE_INVALID' } },
      });
    }
    expect(text('ledger.json')).toBe(before);
    expect((await state(world, ['show'])).json).toMatchObject({
      status: 'damaged',
      problems: [{ code: 'ledger-foreign' }],
    });
  });
});

describe('state show', () => {
  it('tells releases, floors, and what is stored; with nothing there it says that', async () => {
    const { world: machine, one, two } = await createMachine();
    await using world = machine;
    const { json, code } = await state(world, ['show']);
    expect({ code, ...json }).toMatchObject({ code: 0, schema: 1, verb: 'state show', status: 'healthy' });
    expect(json.releases.map(({ digest }) => digest).sort()).toEqual([one.digest, two.digest].sort());
    expect(json.releases.filter(({ supersededAt }) => supersededAt).map(({ digest }) => digest)).toEqual([one.digest]);
    expect(json.signatures).toMatchObject({ damaged: [] });
    expect(json.documents.files).toBeGreaterThan(0);
    rmSync(world.state, { recursive: true });
    expect((await state(world, ['show'])).json).toMatchObject({
      status: 'healthy',
      notices: ['Nothing is stored yet.'],
    });
    expect((await state(world, ['repair'])).json.status).toBe('nothing-to-do');
    expect((await state(world, ['reset'])).json.status).toBe('nothing-to-do');
  });
});

describe('state reset', () => {
  it('forgets everything, keeps it in a folder of its own, and an upgrade starts anew', async () => {
    const { world: machine, text } = await createMachine();
    await using world = machine;
    const ledger = text('ledger.json');
    expect(await state(world, ['reset'])).toMatchObject({ code: 9 });
    const { json, code } = await state(world, ['reset', '--yes']);
    expect({ code, status: json.status }).toEqual({ code: 0, status: 'reset' });
    expect(text(`${json.backup}/ledger.json`)).toBe(ledger);

    expect((await world.run(['verify-local'])).code).toBe(3);
    expect((await state(world, ['show'])).json).toMatchObject({ status: 'healthy', releases: [], floors: [] });
    // Also what was replaced before: nothing is known of it any more, and the user was told.
    const one = world.publish(release(1));
    expect(await world.run(['upgrade'])).toMatchObject({ code: 0, json: { image: { digest: one.digest } } });
    expect((await world.run(['verify-local'])).code).toBe(0);
  });
});

describe.skipIf(!areFixturesHere)('acceptance 2: the folder as Dangerzone 0.11 leaves it', () => {
  it('is sound, a floor that is too high there is found, and a reset touches nothing of Dangerzone’s but what it says', async () => {
    await using world = await createWorld();
    const data = join(world.folder, 'home', '.local', 'share', 'dangerzone');
    const files = productionSignatures();
    const keyFolder = 'f8d4fdda2a40d010a1d7d4024e78cecc14d9ab48c89301a901df960a0c47a074';
    mkdirSync(join(data, 'signatures', keyFolder), { recursive: true, mode: 0o755 });
    for (const { digest, file } of files)
      writeFileSync(join(data, 'signatures', keyFolder, `${digest.slice(7)}.json`), file);
    const indexes = files.flatMap(({ file }) =>
      (JSON.parse(file.toString()) as { Bundle: { Payload: { logIndex: number } } }[]).map(
        ({ Bundle }) => Bundle.Payload.logIndex,
      ),
    );
    const floor = Math.max(...indexes, 2023689270);
    writeFileSync(join(data, 'signatures', 'last_log_index'), String(floor));
    writeFileSync(join(data, 'something.else'), 'not ours');
    const run = (...words: string[]) =>
      world.runBare(['state', ...words, '--json']) as Promise<Outcome & { json: StateResult & { names: string[] } }>;

    expect((await run('show')).json).toMatchObject({
      status: 'healthy',
      floors: [{ index: floor, isSupported: true }],
    });
    writeFileSync(join(data, 'signatures', 'last_log_index'), String(floor + 1));
    expect((await run('show')).json.problems.map(({ code }) => code)).toEqual(['floor-unproven']);
    expect((await run('repair', '--yes')).json.status).toBe('repaired');
    expect(readFileSync(join(data, 'signatures', 'last_log_index'), 'utf8')).toBe(String(floor));
    expect((await run('show')).json.status).toBe('healthy');

    expect((await run('reset', '--yes')).json.names).toEqual([
      'ledger.json',
      `signatures/${keyFolder}`,
      'signatures/last_log_index',
    ]);
    expect(readFileSync(join(data, 'something.else'), 'utf8')).toBe('not ours');
  });
});
