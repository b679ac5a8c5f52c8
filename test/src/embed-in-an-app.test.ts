import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { writeArchive } from './archives.ts';
import { createWorld, release, type World } from './world.ts';

const app = join(import.meta.dirname, '..', '..', 'examples', 'embed-in-an-app', 'app.ts');

/** The application, and what its user types. */
async function run({ profile, state, layout, start }: World, words: readonly string[] = [], typed = '') {
  const child = spawn(process.execPath, [app, profile, state, layout, ...words], { env: { ...start.env } });
  child.stdin.end(typed);
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = (await once(child, 'close')) as [number | null];
  const [stdout, stderr] = await output;
  return { code, stderr, json: stdout === '' ? undefined : JSON.parse(stdout) };
}

describe('examples/embed-in-an-app', () => {
  it('has fewer than 60 lines', () => {
    expect(readFileSync(app, 'utf8').trimEnd().split('\n').length).toBeLessThan(60);
  });

  it('drives every decision through the library', async () => {
    await using world = await createWorld();
    expect(await run(world)).toMatchObject({ code: 6, stderr: expect.stringContaining('IMAGE_NOT_INSTALLED') });
    await writeArchive(world, release(1), { name: 'bundled.tar' });
    await world.writeProfile({ bundledArchive: 'bundled.tar' });
    const bundled = await run(world);
    expect(bundled).toMatchObject({ code: 0, json: { status: 'installed', decision: { row: 9 } } });
    expect(world.registry.requests).toEqual([]);

    const two = world.publish(release(2));
    expect(await run(world, ['updates', 'ask'])).toMatchObject({ code: 0, json: { status: 'ask' } });
    expect(await run(world, [], 'no\n')).toMatchObject({ code: 9, stderr: expect.stringContaining(two.digest) });
    const declined = await run(world);
    expect(declined).toMatchObject({ code: 0, json: { decision: { row: 7 }, run: bundled.json.run } });

    await run(world, ['pin']);
    await run(world, ['updates', 'on']);
    expect(await run(world)).toMatchObject({ code: 0, json: { status: 'pinned', run: bundled.json.run } });
    expect(await run(world, ['status'])).toMatchObject({ json: { updates: 'on', remote: { digest: two.digest } } });
    await run(world, ['unpin']);
    expect(await run(world)).toMatchObject({
      code: 0,
      json: { status: 'upgraded', run: `${world.image}@${two.digest}` },
    });
    const { json: history } = await run(world, ['history']);
    expect(history).toMatchObject({ status: 'consistent' });
    expect(history.records.flatMap(({ row = [] }) => row)).toEqual([12, 9, 7, 4]);
  });

  it('asks with what was verified, and installs on a yes', async () => {
    await using world = await createWorld();
    const one = world.publish(release(1));
    await run(world, ['updates', 'ask']);
    const yes = await run(world, [], 'yes\n');
    expect(yes).toMatchObject({ code: 0, json: { status: 'installed', run: `${world.image}@${one.digest}` } });
    expect(yes.stderr).toMatch(/from nothing to sha256:[0-9a-f]{64}: [1-9][0-9]* bytes to download/);
    expect(yes.stderr).toContain(world.signer.fingerprint);
  });
});
