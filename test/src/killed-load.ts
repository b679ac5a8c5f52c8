// Run by the kill matrix as a process of its own: loads an archive, and dies at the named step as a power cut would have it.

import { openArchive } from '@dangerzone-image/archive';
import { type CreateRuntime, loadArchive, loadProfile } from '@dangerzone-image/core';

const [profilePath = '', state = '', engine = '', moment = '', file = ''] = process.argv.slice(2);
const die = (now: string) => {
  if (now === moment) process.kill(process.pid, 'SIGKILL');
};
const { name, options } = JSON.parse(engine);
const { createRuntime }: { createRuntime: CreateRuntime } = await import(`@dangerzone-image/runtime-${name}`);
const runtime = createRuntime(options);
await loadArchive({
  profile: await loadProfile(profilePath, { env: {} }),
  state: { path: state },
  source: await openArchive(file),
  runtime: { ...runtime, tag: (...args) => runtime.tag(...args).then(() => die('between-tags')) },
  report(event) {
    if (event.type === 'step') die(event.step);
    if (event.type === 'read') die('first-byte-read');
    if (event.type === 'transfer') die('first-byte');
  },
});
