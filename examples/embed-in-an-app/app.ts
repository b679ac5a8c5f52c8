// node app.ts PROFILE STATE IMAGES [updates off|ask|on | pin | unpin | status | history]: an application and its sandbox image.
// Without a word it starts: what was decided is done, and its user is asked where they want to be.
import { createInterface } from 'node:readline/promises';
import { openArchive } from '@dangerzone-image/archive';
import * as dangerzone from '@dangerzone-image/core';
import { openSources } from '@dangerzone-image/core/registry';
import { createRuntime } from '@dangerzone-image/runtime-oci-layout';

const [profileFile, state = './state', images = './images', word = 'start', updates] = process.argv.slice(2);

/** A dialog of the application; here a line on the terminal. */
async function askUser({ installed, image, signatures, download }: dangerzone.UpdateFacts): Promise<boolean> {
  console.error(`from ${installed?.digest ?? 'nothing'} to ${image.digest}: ${download.bytes} bytes to download`);
  for (const signature of signatures) console.error(signature);
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await Promise.race([
    terminal.question('Install it? '),
    new Promise<string>((resolve) => terminal.once('close', () => resolve('no'))),
  ]);
  terminal.close();
  return answer === 'yes';
}

try {
  const profile = await dangerzone.loadProfile(profileFile);
  const context = {
    profile,
    state: { path: state },
    runtime: createRuntime({ path: images }),
    source: openSources({ reference: dangerzone.parseReference(profile.image), mirrors: profile.mirrors }),
    openArchive,
    report: (event: dangerzone.ProgressEvent) => event.type === 'notice' && console.error(event.message),
  };
  const actions: Record<string, () => Promise<object>> = {
    async start() {
      const { status, decision } = await dangerzone.auto(context, { consent: askUser });
      // What to run: verified just now, named by its digest and never by a tag.
      const { image } = await dangerzone.verifyLocal(context);
      return { status, decision, run: `${image.name}@${image.digest}` };
    },
    updates: () => dangerzone.setUpdates(context, { updates: updates as dangerzone.Updates }),
    pin: () => dangerzone.pin(context),
    unpin: () => dangerzone.unpin(context),
    status: () => dangerzone.status(context),
    history: () => dangerzone.history(context),
  };
  console.log(JSON.stringify(await actions[word]?.()));
} catch (error) {
  const code = dangerzone.codeOf(error) ?? 'INTERNAL';
  console.error(code, error instanceof Error ? error.message : error);
  process.exitCode = dangerzone.exitCodeOf(code);
}
