// Run as a process of its own, by whoever the engine is for: loads the archive that each line of its input names, and
// answers with a line, which is `loaded` or the code of the refusal. A start of the CLI for each would take minutes.

import { createInterface } from 'node:readline';
import { openArchive } from '@dangerzone-image/archive';
import { type CreateRuntime, codeOf, loadArchive, loadProfile } from '@dangerzone-image/core';

const [profilePath = '', state = '', engine = ''] = process.argv.slice(2);
const { name, options } = JSON.parse(engine);
const { createRuntime }: { createRuntime: CreateRuntime } = await import(`@dangerzone-image/runtime-${name}`);
const runtime = createRuntime(options);
const profile = await loadProfile(profilePath, { env: {} });

async function load(file: string): Promise<void> {
  const source = await openArchive(file);
  try {
    await loadArchive({ profile, state: { path: state }, runtime, source });
  } finally {
    await source.close();
  }
}

for await (const file of createInterface({ input: process.stdin })) {
  const answer = await load(file).then(
    () => 'loaded',
    (error) => codeOf(error) ?? Promise.reject(error),
  );
  process.stdout.write(`${answer}\n`);
}
