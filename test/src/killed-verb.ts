// Run by the kill matrices as a process of its own: does one verb, and dies at the named moment as a power cut would have it.

import { openArchive } from '@dangerzone-image/archive';
import { auto, type CreateRuntime, loadArchive, loadProfile, parseReference, upgrade } from '@dangerzone-image/core';
import { openSources } from '@dangerzone-image/core/registry';

const { profile: profilePath, state, runtime: engine, words, moment } = JSON.parse(process.argv[2] ?? '');
const die = (now: string) => {
  if (now === moment) process.kill(process.pid, 'SIGKILL');
};
const { createRuntime }: { createRuntime: CreateRuntime } = await import(`@dangerzone-image/runtime-${engine.name}`);
const runtime = createRuntime(engine.options);
let looks = 0;
const profile = await loadProfile(profilePath, { env: {} });
const context: Omit<Parameters<typeof upgrade>[0], 'source'> = {
  profile,
  state: { path: state },
  via: words.includes('pull') ? 'pull' : 'load',
  runtime: { ...runtime, tag: (...args) => runtime.tag(...args).then(() => die('between-tags')) },
  // Whatever is written to the state is dated just before: between two looks at the clock there is one write at most.
  now() {
    looks++;
    die(`look ${looks} at the clock`);
    return new Date();
  },
  report(event) {
    if (event.type === 'step') die(event.step);
    if (event.type === 'decision') die(event.message);
    if (event.type === 'read') die('first-byte-read');
    if (event.type === 'download') die('first-byte-downloaded');
    if (event.type !== 'transfer') return;
    die('first-byte');
    if (event.bytes * 2 >= event.total) die('half-way');
    if (event.bytes === event.total) die('last-byte');
  },
};
const [verb, file] = words;
if (verb === 'load-archive') await loadArchive({ ...context, source: await openArchive(file) });
else {
  const source = openSources({ reference: parseReference(profile.image), env: {} });
  await (verb === 'auto' ? auto : upgrade)({ ...context, source });
}
