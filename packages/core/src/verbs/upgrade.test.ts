import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../oci/digest.ts';
import { publishSignatures } from '../testing/signature-manifest.ts';
import { check } from './check.ts';
import { status } from './status.ts';
import { upgrade } from './upgrade.ts';
import { type Step, steps } from './verb-context.ts';
import { createVerbWorld, release } from './verb-world.test-support.ts';
import { verifyLocal } from './verify-local.ts';

describe('upgrade', () => {
  it('installs what is signed, and what it installed verifies without the registry', async () => {
    const { context, publish, registry, runtime, stable } = await createVerbWorld();
    const { digest } = publish(release(1));
    expect(await upgrade(context)).toMatchObject({ status: 'installed', image: { digest } });
    await registry.close();
    expect(await verifyLocal(context)).toMatchObject({ status: 'verified', image: { digest } });
    expect(runtime.all().map(({ names }) => names)).toEqual([[stable]]);
  });

  it('replaces release 1 by release 2, and leaves one image', async () => {
    const { context, publish, runtime } = await createVerbWorld();
    const one = publish(release(1));
    await upgrade(context);
    const two = publish(release(2));
    expect(await upgrade(context)).toMatchObject({
      status: 'upgraded',
      previous: { digest: one.digest },
      image: { digest: two.digest },
    });
    expect(runtime.all()).toHaveLength(1);
  });

  it('asks the registry once when nothing is new', async () => {
    const { context, publish, registry } = await createVerbWorld();
    publish(release(1));
    await upgrade(context);
    registry.requests.length = 0;
    expect(await upgrade(context)).toMatchObject({ status: 'up-to-date' });
    expect(registry.requests).toEqual(['HEAD /v2/team/sandbox/manifests/latest']);
  });

  it('bad input 10: reads the tag once, and all else by digest', async () => {
    const { context, publish, registry } = await createVerbWorld();
    publish(release(1));
    await upgrade(context);
    const byTag = registry.requests.filter((line) => !line.includes('sha256'));
    expect(byTag).toEqual(['HEAD /v2/team/sandbox/manifests/latest']);
  });

  it('refuses an unsigned image and keeps the signed one', async () => {
    const { context, publish } = await createVerbWorld();
    const { digest } = publish(release(1));
    await upgrade(context);
    publish(release(2), { unsigned: true });
    await expect(upgrade(context)).rejects.toMatchObject({ code: 'SIGNATURE_MISSING' });
    expect(await verifyLocal(context)).toMatchObject({ image: { digest } });
  });

  it('bad input 77: refuses release 1 when release 2 was installed, naming both', async () => {
    const { context, publish } = await createVerbWorld();
    const one = publish(release(1));
    const two = publish(release(2));
    await upgrade(context);
    publish(release(1)); // signed and logged again, with a higher index: bad input 79
    const refusal = await upgrade(context).catch((error) => error);
    expect(refusal).toMatchObject({ code: 'ROLLBACK_REFUSED' });
    expect(refusal.message).toContain(one.digest);
    expect(refusal.message).toContain(two.digest);
    expect(await verifyLocal(context)).toMatchObject({ image: { digest: two.digest } });
  });

  it('bad input 79: a superseded digest does not come back', async () => {
    const { context, publish } = await createVerbWorld();
    publish(release(1));
    await upgrade(context);
    publish(release(2));
    await upgrade(context);
    publish(release(1));
    await expect(upgrade(context)).rejects.toMatchObject({
      code: 'ROLLBACK_REFUSED',
      details: { supersededAt: expect.any(Date) },
    });
  });

  it('bad input 78: repairs when another image lies under the name', async () => {
    const { context, publish, runtime, stable } = await createVerbWorld();
    const { digest } = publish(release(1));
    await upgrade(context);
    runtime.tamper({ id: digestOf(Buffer.from('evil')), digests: [], names: [stable] });
    await expect(verifyLocal(context)).rejects.toMatchObject({ code: 'IMAGE_NOT_VERIFIED' });
    expect(await upgrade(context)).toMatchObject({ status: 'installed', image: { digest } });
    expect(await verifyLocal(context)).toMatchObject({ image: { digest } });
  });

  it('an image that lists the signed digest but has another ID is not the signed image', async () => {
    const { context, publish, runtime, stable } = await createVerbWorld();
    const { digest } = publish(release(1));
    await upgrade(context);
    runtime.tamper({ id: digestOf(Buffer.from('evil')), digests: [digest], names: [stable] });
    await expect(verifyLocal(context)).rejects.toMatchObject({ code: 'IMAGE_NOT_VERIFIED' });
  });

  it('--force installs the older image, says so, lowers no floor, and the next upgrade says what it undoes', async () => {
    const { context, publish, notices, log } = await createVerbWorld();
    const one = release(1);
    publish(one);
    await upgrade(context);
    const two = publish(release(2));
    await upgrade(context);
    const floor = (await status(context)).floor;
    publish(one);
    expect(await upgrade(context, { force: true })).toMatchObject({
      status: 'upgraded',
      image: { digest: one.digest },
    });
    expect(notices().join()).toContain('--force');
    expect((await status(context)).floor).toEqual(floor);
    expect(floor[log.id]).toBeGreaterThan(0);
    expect((await status(context)).notices.join()).toContain('--force');

    publish(release(2));
    expect(await upgrade(context)).toMatchObject({ status: 'upgraded', image: { digest: two.digest } });
    expect(notices().at(-1)).toContain('--force');
  });

  it('--force demands signatures all the same', async () => {
    const { context, publish } = await createVerbWorld();
    publish(release(1), { unsigned: true });
    await expect(upgrade(context, { force: true })).rejects.toMatchObject({ code: 'SIGNATURE_MISSING' });
  });

  it('bad input 48: says needed and free bytes before it downloads', async () => {
    const { context, publish, runtime } = await createVerbWorld();
    publish(release(1));
    const info = await runtime.info();
    const small = { ...runtime, info: async () => ({ ...info, freeBytes: 10 }) };
    await expect(upgrade({ ...context, runtime: small })).rejects.toMatchObject({
      code: 'DISK_FULL',
      details: { free: 10, needed: expect.any(Number) },
    });
    expect(runtime.all()).toEqual([]);
  });

  it('bad input 170: an engine that stored something else keeps the old image and loses only what we added', async () => {
    const { context, publish, runtime, stable } = await createVerbWorld();
    const { digest } = publish(release(1));
    await upgrade(context);
    publish(release(2));
    const lying = {
      ...runtime,
      load: async (...args: Parameters<typeof runtime.load>) => {
        const local = await runtime.load(...args);
        await runtime.remove(local);
        const other = { ...local, id: digestOf(Buffer.from('other')) };
        runtime.tamper(other);
        return other;
      },
    };
    await expect(upgrade({ ...context, runtime: lying })).rejects.toMatchObject({ code: 'RUNTIME_FAILED' });
    expect(runtime.all().map(({ names }) => names)).toEqual([[stable]]);
    expect(await verifyLocal(context)).toMatchObject({ image: { digest } });
  });

  it('bad input 178: an old image that cannot be removed is a notice, and goes next time', async () => {
    const { context, publish, runtime, notices } = await createVerbWorld();
    publish(release(1));
    await upgrade(context);
    publish(release(2));
    const busy = { ...runtime, remove: async () => Promise.reject(new Error('image is in use')) };
    expect(await upgrade({ ...context, runtime: busy })).toMatchObject({ status: 'upgraded' });
    expect(notices().join()).toContain('in use');
    await upgrade(context);
    expect(runtime.all()).toHaveLength(1);
  });

  it('the index being unsigned, a signed platform manifest suffices', async () => {
    const { context, publish, registry, signer, runtime } = await createVerbWorld();
    const one = release(1);
    publish(one, { unsigned: true });
    const { platform } = await runtime.info();
    const { digest } = one.manifestFor(platform);
    publishSignatures(registry, 'team/sandbox', digest, [signer.sign({ digest })]);
    expect(await upgrade(context)).toMatchObject({ status: 'installed', image: { digest, index: one.digest } });
    expect(await verifyLocal(context)).toMatchObject({ image: { digest } });
  });

  it('bad input 82: the same release by the signature of its manifest, then of its index, is up to date', async () => {
    const { context, publish, registry, signer, runtime } = await createVerbWorld();
    const one = release(1);
    const { platform } = await runtime.info();
    const manifest = one.manifestFor(platform);
    publish(one);
    publishSignatures(registry, 'team/sandbox', manifest.digest, [signer.sign({ digest: manifest.digest })]);
    registry.putManifest('team/sandbox', manifest.bytes, manifest.mediaType, 'latest');
    expect(await upgrade(context)).toMatchObject({ status: 'installed', image: { digest: manifest.digest } });
    registry.tag('team/sandbox', 'latest', one.digest);
    expect(await upgrade(context)).toMatchObject({ status: 'up-to-date' });
  });

  describe.each(steps.filter((step) => step !== 'recover'))('broken off before the step %s', (step: Step) => {
    it('leaves the old image verified, or the new one; the next upgrade ends with one image', async () => {
      const { context, publish, runtime } = await createVerbWorld();
      const one = publish(release(1));
      await upgrade(context);
      const two = publish(release(2));
      const stop = new Error('power cut');
      const breaking = {
        ...context,
        report: (event: { type: string; step?: Step }) => {
          if (event.step === step) throw stop;
        },
      };
      await expect(upgrade(breaking)).rejects.toBe(stop);
      const between = await verifyLocal(context);
      expect([one.digest, two.digest]).toContain(between.image.digest);
      await upgrade(context);
      expect(await verifyLocal(context)).toMatchObject({ image: { digest: two.digest } });
      expect(runtime.all()).toHaveLength(1);
      const ledger = JSON.parse(await readFile(join(context.state.path, 'ledger.json'), 'utf8'));
      expect(ledger.pending).toBeUndefined();
    });
  });
});

describe('check', () => {
  it('tells what an upgrade would fetch, and fetches no layer', async () => {
    const { context, publish, registry, runtime } = await createVerbWorld();
    const one = release(1);
    publish(one);
    const { platform } = await runtime.info();
    expect(await check(context)).toMatchObject({ status: 'not-installed', download: { bytes: expect.any(Number) } });
    for (const layer of one.manifestFor(platform).layers) expect(registry.requests.join()).not.toContain(layer.digest);
    await upgrade(context);
    expect(await check(context)).toMatchObject({ status: 'up-to-date' });
    publish(release(2));
    expect(await check(context)).toMatchObject({ status: 'update-available', installed: { digest: one.digest } });
  });
});

describe('status', () => {
  it('says what is missing, what verifies and what does not', async () => {
    const { context, publish, runtime, stable } = await createVerbWorld();
    expect(await status(context)).toMatchObject({ status: 'not-installed' });
    publish(release(1));
    await upgrade(context);
    expect(await status(context)).toMatchObject({ status: 'verified', signatures: [{ verdict: 'accepted' }] });
    runtime.tamper({ id: digestOf(Buffer.from('evil')), digests: [], names: [stable] });
    expect(await status(context)).toMatchObject({ status: 'not-verified', reason: { code: 'IMAGE_NOT_VERIFIED' } });
  });

  it('bad input 95: warns when the newest release is older than the profile’s limit', async () => {
    const { context, publish } = await createVerbWorld();
    publish(release(1));
    await upgrade(context);
    const later = { ...context, now: () => new Date('2027-01-01T00:00:00Z') };
    expect(await status(later)).toMatchObject({ freshness: { isStale: true } });
    expect(await status({ ...context, now: () => new Date('2026-01-20T00:00:00Z') })).toMatchObject({
      freshness: { isStale: false },
    });
  });
});

describe('bad input 78: one log entry for two images', () => {
  it('is refused, and not remembered against the image that it is about', async () => {
    const { context, publish, registry, signer } = await createVerbWorld();
    const one = publish(release(1));
    await upgrade(context);
    const index = one.signatures.get(one.digest)?.[0]?.bundle.Payload.logIndex;
    const two = release(2);
    publish(two, { unsigned: true });
    publishSignatures(registry, 'team/sandbox', two.digest, [signer.sign({ digest: two.digest, logIndex: index })]);
    await expect(upgrade(context)).rejects.toMatchObject({ code: 'LOG_ENTRY_INVALID' });
    registry.tag('team/sandbox', 'latest', one.digest);
    expect(await upgrade(context)).toMatchObject({ status: 'up-to-date', image: { digest: one.digest } });
    expect(
      JSON.stringify(JSON.parse(await readFile(join(context.state.path, 'ledger.json'), 'utf8')).seen),
    ).not.toContain(two.digest);
  });
});

describe('roads into the engine', () => {
  it('a runtime that cannot pull refuses --via pull, and nothing is installed', async () => {
    const { context, publish, runtime } = await createVerbWorld();
    publish(release(1));
    await expect(upgrade({ ...context, via: 'pull' })).rejects.toMatchObject({ code: 'USAGE' });
    expect(runtime.all()).toEqual([]);
  });

  it('by pull the engine gets evidence, never a tag, and what it then has is checked as after a load', async () => {
    const { context, publish, runtime } = await createVerbWorld();
    const { digest } = publish(release(1));
    const asked: string[] = [];
    const pull: NonNullable<typeof runtime.pull> = async (image, { name }) => {
      asked.push(image.digest);
      const local = { id: image.config.digest, digests: [image.digest], names: [name] };
      runtime.tamper(local);
      return local;
    };
    expect(await upgrade({ ...context, runtime: { ...runtime, pull }, via: 'pull' })).toMatchObject({
      image: { digest },
    });
    expect(asked).toEqual([digest]);
  });

  it('bad input 173: an engine on another machine is refused with its address, unless it is allowed', async () => {
    const { context, publish, runtime, registry } = await createVerbWorld();
    publish(release(1));
    const info = await runtime.info();
    const remote = { ...runtime, info: async () => ({ ...info, isRemote: true, endpoint: 'ssh://elsewhere' }) };
    const refusal = await upgrade({ ...context, runtime: remote }).catch((error) => error);
    expect(refusal).toMatchObject({ code: 'RUNTIME_UNAVAILABLE', details: { endpoint: 'ssh://elsewhere' } });
    expect(registry.requests).toEqual([]);
    expect(await upgrade({ ...context, runtime: remote, allowRemoteEngine: true })).toMatchObject({
      status: 'installed',
    });
  });
});
