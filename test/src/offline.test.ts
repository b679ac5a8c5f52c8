import { describe, expect, it } from 'vitest';
import { withoutNetwork } from './network-namespace.ts';
import { createWorld, release } from './world.ts';

describe.skipIf(!withoutNetwork)('bad input 21: without a network', () => {
  it('verify-local and status verify what is installed, and upgrade says that there is no network', async () => {
    await using world = await createWorld();
    const { digest } = world.publish(release(1));
    await world.run(['upgrade']);
    const offline = { prefix: withoutNetwork ?? [] };
    expect(await world.run(['verify-local'], offline)).toMatchObject({
      code: 0,
      json: { status: 'verified', image: { digest } },
    });
    expect(await world.run(['status'], offline)).toMatchObject({ code: 0, json: { status: 'verified' } });
    expect(await world.run(['upgrade'], offline)).toMatchObject({
      code: 5,
      json: { error: { code: 'REGISTRY_UNREACHABLE' } },
    });
  });
});
