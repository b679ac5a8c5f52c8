import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { createWorld, release } from './world.ts';

const namespace = findNamespace();
if (!namespace) {
  const reason = 'no network namespace without interfaces can be made here (unshare --net)';
  if (process.env['CI']) throw new Error(`CI must be able to prove that offline verbs are offline: ${reason}`);
  console.warn(`skipped: ${reason}`);
}

/** How this machine enters a network namespace that has no interface, not even loopback that is up. */
function findNamespace(): readonly string[] | undefined {
  const ways = [['unshare', '--net'], ['unshare', '--net', '--map-root-user']];
  return ways.find(([command = '', ...args]) => spawnSync(command, [...args, 'true']).status === 0);
}

describe.skipIf(!namespace)('bad input 21: without a network', () => {
  it('verify-local and status verify what is installed, and upgrade says that there is no network', async () => {
    await using world = await createWorld();
    const { digest } = world.publish(release(1));
    await world.run(['upgrade']);
    const offline = { prefix: namespace ?? [] };
    expect(await world.run(['verify-local'], offline)).toMatchObject({ code: 0, json: { status: 'verified', image: { digest } } });
    expect(await world.run(['status'], offline)).toMatchObject({ code: 0, json: { status: 'verified' } });
    expect(await world.run(['upgrade'], offline)).toMatchObject({ code: 5, json: { error: { code: 'REGISTRY_UNREACHABLE' } } });
  });
});
