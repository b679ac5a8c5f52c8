import { randomBytes } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSources } from '../registry/open-sources.ts';
import { defaultRetryPolicy } from '../registry/retry-policy.ts';
import { memorySource } from '../testing/memory-source.ts';
import { buildTestImage } from '../testing/test-image.ts';
import type { Fault } from '../testing/test-registry-fault.ts';
import { upgrade } from './upgrade.ts';
import { createVerbWorld } from './verb-world.test-support.ts';

const layers = ['base', 'top'].map((name) => ({ [name]: randomBytes(50_000).toString('hex') }));
const image = buildTestImage({ created: '2026-03-01T00:00:00Z', layers });
const once = { ...defaultRetryPolicy, moreTries: 0 };

/** A machine whose registry may be made to misbehave, and which does not try twice in one run. */
async function createScene() {
  const scene: { fault?: (path: string) => Fault | undefined } = {};
  const world = await createVerbWorld({}, { fault: ({ path }) => scene.fault?.(path) });
  const source = openSources({ reference: { registry: world.registry.host }, env: {}, retry: once });
  const platform = (await world.runtime.info()).platform;
  const [base, top] = image.manifestFor(platform).layers.map(({ digest }) => digest);
  const blobs = () => world.registry.received.filter(({ path }) => path.includes('/blobs/'));
  return { ...world, context: { ...world.context, source }, scene, base, top, blobs };
}

describe('what an upgrade downloads', () => {
  it('acceptance 11: cut at 60 %, the next run goes on there and fetches no finished blob again', async () => {
    const { context, publish, scene, base, top, blobs, registry } = await createScene();
    publish(image);
    const cut = Math.floor((image.blobs.find(({ digest }) => digest === top)?.bytes.length ?? 0) * 0.6);
    scene.fault = (path) => (path.endsWith(`${top}`) ? { resetAfter: cut } : undefined);
    await expect(upgrade(context)).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });

    delete scene.fault;
    registry.received.length = 0;
    expect(await upgrade(context)).toMatchObject({ status: 'installed' });
    const asked = blobs().map(({ path, headers }) => [path.split('/').at(-1), headers.range]);
    expect(asked).toContainEqual([top, `bytes=${cut}-`]);
    expect(asked.flat()).not.toContain(base);
  });

  it('hands an engine nothing before all of it is there and proven', async () => {
    const { context, publish, scene, top, events } = await createScene();
    publish(image);
    scene.fault = (path) => (path.endsWith(`${top}`) ? { status: 500 } : undefined);
    await expect(upgrade(context)).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
    expect(events.map((event) => (event.type === 'step' ? event.step : event.type))).not.toContain('transfer');
  });

  it('is deleted when the image is installed, and after a run that was killed before it could', async () => {
    const { context, publish } = await createScene();
    publish(image);
    const { path } = context.state;
    await upgrade(context);
    expect(await readdir(path)).not.toContain('downloads');
    await mkdir(join(path, 'downloads'), { mode: 0o700 });
    await writeFile(join(path, 'downloads', 'a'.repeat(64)), 'left over');
    expect(await upgrade(context)).toMatchObject({ status: 'up-to-date' });
    expect(await readdir(path)).not.toContain('downloads');
  });

  it('is nothing where the source is on this machine', async () => {
    const { context, publish, events } = await createScene();
    publish(image);
    const { resolve, findSignatures } = context.source;
    const source = { ...memorySource([image]), resolve, findSignatures };
    expect(await upgrade({ ...context, source })).toMatchObject({ status: 'installed' });
    expect(events.filter(({ type }) => type === 'download')).toEqual([]);
  });

  it('is counted from the first byte to the last, each once', async () => {
    const { context, publish, events } = await createScene();
    publish(image);
    await upgrade(context);
    const seen = events.flatMap((event) => (event.type === 'download' ? [event] : []));
    expect(seen.at(-1)?.bytes).toBe(seen.at(-1)?.total);
    expect(seen.map(({ bytes }) => bytes)).toEqual(seen.map(({ bytes }) => bytes).sort((a, b) => a - b));
  });
});
