import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createWorld, release } from './world.ts';

describe('acceptance 3: fresh install', () => {
  it('prints the size first, installs, and a second run says "already up to date" in at most 3 requests', async () => {
    await using world = await createWorld({ auth: 'token' });
    const { digest } = world.publish(release(1));
    const first = await world.run(['upgrade', '--progress', 'plain']);
    expect(first).toMatchObject({
      code: 0,
      json: { schema: 1, verb: 'upgrade', status: 'installed', image: { digest } },
    });
    const lines = first.stderr.split('\n');
    const size = lines.findIndex((line) => /download/i.test(line) && /\d/.test(line));
    const transfer = lines.findIndex((line) => /transfer|100 ?%/i.test(line));
    expect(size).toBeGreaterThanOrEqual(0);
    expect(transfer === -1 || size <= transfer).toBe(true);

    world.registry.requests.length = 0;
    const second = await world.run(['upgrade']);
    expect(second).toMatchObject({ code: 0, json: { status: 'up-to-date' } });
    expect(world.registry.requests.length).toBeLessThanOrEqual(3);
  });
});

describe('acceptance 7: rollback', () => {
  it('an older registry tag is refused; --force says so, records it, lowers no floor, and the next upgrade says what it undoes', async () => {
    await using world = await createWorld();
    const one = world.publish(release(1));
    await world.run(['upgrade']);
    const two = world.publish(release(2));
    await world.run(['upgrade']);
    const { floor } = (await world.run(['status'])).json;

    world.publish(release(1));
    const refused = await world.run(['upgrade']);
    expect(refused.code).toBe(4);
    expect(refused.json.error.code).toBe('ROLLBACK_REFUSED');
    expect(refused.json.error.message).toContain(one.digest);
    expect(refused.json.error.suggestions.join()).toContain('--force');

    const forced = await world.run(['upgrade', '--force']);
    expect(forced).toMatchObject({ code: 0, json: { status: 'upgraded', image: { digest: one.digest } } });
    expect(forced.stderr).toContain('--force');
    const status = (await world.run(['status'])).json;
    expect(status.floor).toEqual(floor);
    expect(status.notices.join()).toContain('--force');

    world.publish(release(2));
    const undone = await world.run(['upgrade']);
    expect(undone).toMatchObject({ code: 0, json: { image: { digest: two.digest } } });
    expect(undone.stderr).toContain('--force');
  });

  it('refuses release 1 also when its signature was logged again with a higher index', async () => {
    await using world = await createWorld();
    world.publish(release(2));
    await world.run(['upgrade']);
    world.publish(release(1)); // logged now: a higher index than release 2 has
    expect(await world.run(['upgrade'])).toMatchObject({ code: 4, json: { error: { code: 'ROLLBACK_REFUSED' } } });
  });
});

describe('acceptance 8: same release by two channels (registry half)', () => {
  it('a mirror and the registry, a new tag and the old one: one image, one answer', async () => {
    await using world = await createWorld();
    await using elsewhere = await createWorld();
    const { digest } = world.publish(release(1));
    const { signatures } = elsewhere.publish(release(1));
    expect(signatures.size).toBeGreaterThan(0);
    await world.run(['upgrade']);
    expect(await world.run(['upgrade', '--mirror', elsewhere.registry.origin])).toMatchObject({
      code: 0,
      json: { status: 'up-to-date' },
    });
    expect(await world.run(['verify-local'])).toMatchObject({ code: 0, json: { image: { digest } } });
    const index = JSON.parse(await readFile(join(world.layout, 'index.json'), 'utf8'));
    expect(index.manifests).toHaveLength(1);
  });
});

describe('acceptance 9: two upgrades in a row', () => {
  it('leave exactly one image of that name, nothing dangling, and it verifies', async () => {
    await using world = await createWorld();
    for (const month of [1, 2, 3]) {
      world.publish(release(month));
      expect((await world.run(['upgrade'])).code).toBe(0);
    }
    const index = JSON.parse(await readFile(join(world.layout, 'index.json'), 'utf8'));
    expect(index.manifests).toHaveLength(1);
    expect(index.manifests[0].annotations).toEqual({ 'org.opencontainers.image.ref.name': `${world.image}:latest` });
    const three = release(3);
    const platform = three.manifests.find(
      ({ platform: { architecture } }) => architecture === (process.arch === 'x64' ? 'amd64' : process.arch),
    );
    const expected = [
      three.digest,
      platform?.digest,
      platform?.config.digest,
      ...(platform?.layers.map(({ digest }) => digest) ?? []),
    ];
    const blobs = await readdir(join(world.layout, 'blobs', 'sha256'));
    expect(blobs.map((hex) => `sha256:${hex}`).sort()).toEqual([...new Set(expected)].sort());
    expect((await world.run(['verify-local'])).code).toBe(0);
  });
});

describe('a swapped image', () => {
  it('under the same name is refused by verify-local and status, and upgrade repairs it', async () => {
    await using world = await createWorld();
    world.publish(release(1));
    await world.run(['upgrade']);
    const evil = release(1, 'evil');
    const file = join(world.layout, 'index.json');
    const index = JSON.parse(await readFile(file, 'utf8'));
    for (const { digest, bytes } of [evil.index, ...evil.manifests, ...evil.blobs]) {
      await writeFile(join(world.layout, 'blobs', 'sha256', digest.slice(7)), bytes);
    }
    index.manifests[0] = { ...index.manifests[0], digest: evil.digest, size: evil.index.bytes.length };
    await writeFile(file, JSON.stringify(index));

    expect(await world.run(['verify-local'])).toMatchObject({
      code: 3,
      json: { error: { code: 'IMAGE_NOT_VERIFIED' } },
    });
    expect(await world.run(['status', '--exit-code'])).toMatchObject({ code: 3, json: { status: 'not-verified' } });
    expect((await world.run(['upgrade'])).code).toBe(0);
    expect((await world.run(['verify-local'])).code).toBe(0);
  });
});
