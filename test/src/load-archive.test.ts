import { execFileSync } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hostPlatform } from '@dangerzone-image/core';
import { createTestSigner, type TestArchiveForm } from '@dangerzone-image/core/testing';
import { describe, expect, it } from 'vitest';
import { writeArchive, writeBytes } from './archives.ts';
import { withoutNetwork } from './network-namespace.ts';
import { createWorld, release, type World } from './world.ts';

/** All files of the machine but what a refusal is recorded in: the journal, and the ledger that counts it. */
const snapshot = ({ folder }: World) =>
  execFileSync('find', [folder, '-not', '-name', '*.tar', '-type', 'f', '-printf', '%P %s %T@ %m\n'], {
    encoding: 'utf8',
  })
    .split('\n')
    .filter((line) => !/^state\/(journal\/|ledger\.json )/.test(line));

/** What is remembered of releases, without where the journal ends. */
async function remembered({ state }: World): Promise<object> {
  const { journal: _, ...ledger } = JSON.parse(await readFile(join(state, 'ledger.json'), 'utf8'));
  return ledger;
}

describe('load-archive', () => {
  it.each<[string, (ledger: string) => Promise<void>]>([
    ['gone', (ledger) => rm(ledger)],
    ['unreadable', (ledger) => writeFile(ledger, '{')],
  ])(
    'refuses an image older than the installed one, also after prepare-archive met a ledger that is %s',
    async (_, lose) => {
      await using world = await createWorld();
      const older = await writeArchive(world, release(1));
      world.publish(release(2));
      await world.run(['upgrade']);
      await lose(join(world.state, 'ledger.json'));
      const output = join(world.folder, 'made.tar');
      const words = ['prepare-archive', '--output', output, '--profile', world.profile, '--state-dir', world.state];
      expect(await world.runBare(words)).toMatchObject({ code: 0 });
      expect(await world.run(['load-archive', older])).toMatchObject({ code: 4 });
      expect(await world.run(['status'])).toMatchObject({ json: { status: 'verified' } });
    },
  );

  it.each<TestArchiveForm>(['dangerzone', 'ours', 'cosign-save', 'cosign-save-manifest'])(
    'installs the image of an archive of the form %s, and it verifies',
    async (form) => {
      await using world = await createWorld();
      const file = await writeArchive(world, release(1), { form });
      const before = await readdir(world.folder);
      expect(await world.run(['inspect-archive', file])).toMatchObject({ code: 0, json: { status: 'acceptable' } });
      expect(await world.run(['load-archive', file, '--dry-run'])).toMatchObject({
        code: 0,
        json: { verb: 'load-archive', status: 'installed', dryRun: true },
      });
      expect(await readdir(world.folder)).toEqual(before);
      const loaded = await world.run(['load-archive', file]);
      expect(loaded).toMatchObject({ code: 0, json: { verb: 'load-archive', status: 'installed' } });
      expect(loaded.stderr).toMatch(/To load: \d/);
      expect(await world.run(['verify-local'])).toMatchObject({
        code: 0,
        json: { image: { config: loaded.json.image.config } },
      });
      expect(await world.run(['load-archive', file])).toMatchObject({ code: 0, json: { status: 'up-to-date' } });
    },
  );

  it.skipIf(!withoutNetwork)('acceptance 4: installs where there is no network', async () => {
    await using world = await createWorld();
    const file = await writeArchive(world, release(1));
    const offline = { prefix: withoutNetwork ?? [] };
    expect(await world.run(['inspect-archive', file], offline)).toMatchObject({ code: 0 });
    expect(await world.run(['load-archive', file], offline)).toMatchObject({ code: 0, json: { status: 'installed' } });
    expect(await world.run(['verify-local'], offline)).toMatchObject({ code: 0 });
  });

  it('acceptance 4: takes what prepare-archive wrote for this machine, and not what it wrote for another', async () => {
    await using world = await createWorld();
    const { digest } = world.publish(release(1));
    const output = join(world.folder, '{arch}.tar');
    const { architecture } = hostPlatform();
    const other = architecture === 'arm64' ? 'amd64' : 'arm64';
    const words = ['--arch', other, '--arch', architecture, '--output', output, '--profile', world.profile];
    expect(await world.runBare(['prepare-archive', ...words, '--state-dir', join(world.folder, 'a')])).toMatchObject({
      code: 0,
    });
    await world.registry.close();
    const files = [other, architecture].map((arch) => join(world.folder, `${arch}.tar`)) as [string, string];
    expect(await world.run(['load-archive', files[0]])).toMatchObject({
      code: 3,
      json: { error: { code: 'PLATFORM_MISMATCH' } },
    });
    expect(await world.run(['inspect-archive', files[0]])).toMatchObject({
      code: 3,
      json: { reason: { code: 'PLATFORM_MISMATCH' }, image: { digest }, platform: `linux/${other}` },
    });
    expect(await world.run(['load-archive', files[1]])).toMatchObject({ code: 0, json: { image: { digest } } });
    expect(await world.run(['verify-local'])).toMatchObject({ code: 0, json: { image: { digest } } });
  });

  it('acceptance 6: a refused archive that names itself the same keeps the sandbox, and leaves nothing behind', async () => {
    await using world = await createWorld();
    await world.run(['load-archive', await writeArchive(world, release(1))]);
    const before = [snapshot(world), await remembered(world)];
    const signer = createTestSigner({ image: world.image });
    const file = await writeArchive(world, release(2), { signers: [signer], name: 'bad.tar' });
    expect(await world.run(['load-archive', file])).toMatchObject({
      code: 3,
      json: { error: { code: 'SIGNATURE_FOREIGN' } },
    });
    expect([snapshot(world), await remembered(world)]).toEqual(before);
    expect(await world.run(['verify-local'])).toMatchObject({ code: 0 });
  });

  it('acceptance 7, bad input 149: refuses an older archive; --force installs it and lowers no floor', async () => {
    await using world = await createWorld();
    const [one, two] = [release(1), release(2)];
    const older = await writeArchive(world, one, { name: 'older.tar' });
    const newer = await writeArchive(world, two, { name: 'newer.tar' });
    await world.run(['load-archive', newer]);
    const { floor } = (await world.run(['status'])).json;
    expect(await world.run(['inspect-archive', older])).toMatchObject({
      code: 4,
      json: { status: 'refused', reason: { code: 'ROLLBACK_REFUSED' }, image: { digest: one.digest } },
    });
    expect(await world.run(['load-archive', older])).toMatchObject({
      code: 4,
      json: { error: { code: 'ROLLBACK_REFUSED' } },
    });
    const forced = await world.run(['load-archive', older, '--force']);
    expect(forced).toMatchObject({ code: 0, json: { status: 'upgraded', previous: { digest: two.digest } } });
    expect(forced.stderr).toContain('No floor is lowered');
    const status = await world.run(['status']);
    expect(status.json.floor).toEqual(floor);
    expect(status.json.notices.join(' ')).toContain('--force');
    const back = await world.run(['load-archive', newer]);
    expect(back).toMatchObject({ code: 0, json: { status: 'upgraded' } });
    expect(back.stderr).toContain(`This replaces ${one.digest}`);
  });

  it('acceptance 8, bad input 82: the same release by both channels is up to date, and one image', async () => {
    await using world = await createWorld();
    const image = release(1);
    const file = await writeArchive(world, image, { form: 'dangerzone' });
    const { digest } = world.publish(image);
    await world.run(['load-archive', file]);
    expect(await world.run(['upgrade'])).toMatchObject({ code: 0, json: { status: 'up-to-date' } });
    expect(await world.run(['load-archive', file])).toMatchObject({ code: 0, json: { status: 'up-to-date' } });
    world.publish(release(2));
    await world.run(['upgrade']);
    const two = await writeArchive(world, release(2), { name: 'two.tar' });
    expect(await world.run(['load-archive', two])).toMatchObject({ code: 0, json: { status: 'up-to-date' } });
    const index = JSON.parse(await readFile(join(world.layout, 'index.json'), 'utf8'));
    expect(index.manifests).toHaveLength(1);
    expect(await world.run(['verify-local'])).toMatchObject({ code: 0 });
    expect(digest).toBe(image.digest);
  });

  it('reads standard input, from a file or through a pipe, and leaves no copy', async () => {
    await using world = await createWorld();
    const file = await writeArchive(world, release(1));
    const temporary = join(world.folder, 'temporary');
    execFileSync('mkdir', [temporary]);
    const through = (shell: string) => ({ prefix: ['sh', '-c', shell, file], env: { TMPDIR: temporary } });
    expect(await world.run(['inspect-archive', '-'], through('"$@" < "$0"'))).toMatchObject({ code: 0 });
    expect(await world.run(['load-archive', '-'], through('cat "$0" | "$@"'))).toMatchObject({
      code: 0,
      json: { status: 'installed' },
    });
    expect(await readdir(temporary)).toEqual([]);
  });

  it('bad input 147: what is no file is refused, and a name like an option is one', async () => {
    await using world = await createWorld();
    const empty = await writeBytes(world.folder, 'empty.tar', Buffer.alloc(0));
    for (const [path, code] of [
      [world.folder, 2],
      ['/dev/zero', 2],
      [join(world.folder, 'nowhere.tar'), 2],
      ['-x.tar', 2],
      [empty, 7],
    ] as const)
      expect(await world.run(['load-archive', path])).toMatchObject({ code });
  });

  it('inspect-archive tells who signed also where it refuses, and exits as load-archive would', async () => {
    await using world = await createWorld();
    const signer = createTestSigner({ image: world.image });
    const foreign = await writeArchive(world, release(1), { signers: [signer], name: 'foreign.tar' });
    expect(await world.run(['inspect-archive', foreign])).toMatchObject({
      code: 3,
      json: {
        verb: 'inspect-archive',
        status: 'refused',
        reason: { code: 'SIGNATURE_FOREIGN' },
        signatures: [{ verdict: 'foreign' }],
        platform: expect.stringMatching(/^linux[/]/),
        bytes: expect.any(Number),
      },
    });
    const torn = await writeBytes(world.folder, 'torn.tar', Buffer.alloc(700, 'x'));
    const { code, json } = await world.run(['inspect-archive', torn]);
    expect({ code, json }).toMatchObject({ code: 7, json: { status: 'refused', signatures: [] } });
    expect(json).not.toHaveProperty('image');
    expect(await world.run(['inspect-archive', join(world.folder, 'nowhere.tar')])).toMatchObject({
      code: 2,
      json: { error: { code: 'USAGE' } },
    });
  });

  it('tells a person what an archive holds', async () => {
    await using world = await createWorld();
    const image = release(1);
    const file = await writeArchive(world, image, { form: 'cosign-save' });
    const words = ['--profile', world.profile, '--state-dir', world.state];
    const { stdout } = await world.runBare(['inspect-archive', file, ...words]);
    expect(stdout).toContain(`would be accepted here: ${world.image}@${image.digest}`);
    expect(stdout).toContain('platform: linux/amd64, linux/arm64');
    expect(stdout).toMatch(/signed by the trusted key .*, logged 2/);
  });
});
