// Run by the kill matrix as a process of its own: upgrades, and dies at the named moment as a power cut would have it.

import type { CreateRuntime, Road } from '@dangerzone-image/core';
import { loadProfile, parseReference, upgrade } from '@dangerzone-image/core';
import { openSources } from '@dangerzone-image/core/registry';

const [profilePath = '', state = '', engine = '', moment = '', via = 'load'] = process.argv.slice(2);
const die = (now: string | undefined) => {
  if (now === moment) process.kill(process.pid, 'SIGKILL');
};
const { name, options } = JSON.parse(engine);
const { createRuntime }: { createRuntime: CreateRuntime } = await import(`@dangerzone-image/runtime-${name}`);
const runtime = createRuntime(options);
const profile = await loadProfile(profilePath, { env: {} });
await upgrade({
  profile,
  state: { path: state },
  via: via as Road,
  source: openSources({ reference: parseReference(profile.image), env: {} }),
  runtime: { ...runtime, tag: (...args) => runtime.tag(...args).then(() => die('between-tags')) },
  report(event) {
    if (event.type === 'step') die(event.step);
    if (event.type === 'download') die('first-byte-downloaded');
    if (event.type === 'transfer') die('first-byte');
  },
});
