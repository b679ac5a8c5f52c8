import { describe, expect, it } from 'vitest';
import { check } from './check.ts';
import { upgrade } from './upgrade.ts';
import { createVerbWorld, release } from './verb-world.test-support.ts';

describe('what an upgrade waits for', () => {
  it('asks the registry while the engine is asked: neither waits for the other', async () => {
    const asked = Promise.withResolvers<void>();
    let isLookedAt = false;
    const { context, publish } = await createVerbWorld({}, { fault: async () => void (isLookedAt && asked.resolve()) });
    publish(release(1));
    await upgrade(context);
    isLookedAt = true;
    const { images } = context.runtime;
    const runtime = {
      ...context.runtime,
      images: async (...args: Parameters<typeof images>) => asked.promise.then(() => images(...args)),
    };
    expect(await check({ ...context, runtime })).toMatchObject({ status: 'up-to-date' });
  });

  it('does not wait for a silent registry when the engine does not work', async () => {
    const { context } = await createVerbWorld({}, { fault: async () => ({ stallAfter: -1 }) });
    const broken = { ...context.runtime, images: () => Promise.reject(new Error('no engine')) };
    await expect(check({ ...context, runtime: broken })).rejects.toMatchObject({ code: 'RUNTIME_FAILED' });
  });

  it('asks for signatures while the documents are on their way', async () => {
    const asked = Promise.withResolvers<void>();
    const { context, publish } = await createVerbWorld(
      {},
      {
        fault: async ({ method, path }) => {
          if (path.endsWith('.sig')) asked.resolve();
          else if (method === 'GET' && path.includes('/manifests/')) await asked.promise;
          return undefined;
        },
      },
    );
    publish(release(1));
    expect(await upgrade(context)).toMatchObject({ status: 'installed' });
  });
});
