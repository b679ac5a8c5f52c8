import { spawnSync } from 'node:child_process';

/** How this machine enters a network namespace that has no interface up, not even loopback; undefined where it cannot. */
export const withoutNetwork = findWay();

if (!withoutNetwork) {
  const reason = 'no network namespace without interfaces can be made here (unshare --net)';
  if (process.env.CI) throw new Error(`CI must be able to prove that offline verbs are offline: ${reason}`);
  console.warn(`skipped: ${reason}`);
}

function findWay(): readonly string[] | undefined {
  const ways = [
    ['unshare', '--net'],
    ['unshare', '--net', '--map-root-user'],
  ];
  return ways.find(([command = '', ...args]) => spawnSync(command, [...args, 'true']).status === 0);
}
