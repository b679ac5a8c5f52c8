// Run by the kill matrix as a process of its own: upgrades, and dies at the named moment as a power cut would have it.
import { loadProfile, openSources, parseReference, upgrade } from '@dangerzone-image/core';
import { createRuntime } from '@dangerzone-image/runtime-oci-layout';

const [profilePath = '', state = '', layout = '', moment = ''] = process.argv.slice(2);
const die = (now: string | undefined) => {
  if (now === moment) process.kill(process.pid, 'SIGKILL');
};
const runtime = createRuntime({ path: layout });
const profile = await loadProfile(profilePath, { env: {} });
await upgrade({
  profile,
  state: { path: state },
  source: openSources({ reference: parseReference(profile.image), env: {} }),
  runtime: { ...runtime, tag: (...args) => runtime.tag(...args).then(() => die('between-tags')) },
  report(event) {
    die(event.type === 'step' ? event.step : event.type === 'transfer' ? 'first-byte' : undefined);
  },
});
