// `npm start`: the whole job once, on loopback and in a temporary folder, with the CLI that users run.
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  buildTestImage,
  createTestSigner,
  publishTestImage,
  startTestRegistry,
  type TestImage,
} from '../packages/core/dist/testing/index.js';
import { createStage } from './demo-stage.ts';

const folder = await mkdtemp(join(tmpdir(), 'dangerzone-image-demo-'));
await using registry = await startTestRegistry({ auth: 'token' });
const { say, run, end } = createStage(folder);

const image = `${registry.host}/demo/sandbox`;
const publisher = createTestSigner({ image });
await writeFile(join(folder, 'publisher.pub'), publisher.publicKeyPem, { mode: 0o600 });
await writeFile(join(folder, 'log.pub'), publisher.logPublicKeyPem, { mode: 0o600 });
const profile = { name: 'demo', image, keys: ['publisher.pub'], transparencyLog: { keys: ['log.pub'] } };
await writeFile(join(folder, 'profile.json'), JSON.stringify(profile, undefined, 2), { mode: 0o600 });
const ours = ['--profile', './profile.json', '--state-dir', './state'];
const installed = [...ours, '--runtime', 'oci-layout', '--runtime-option', 'path=./images'];

const daysAgo = (days: number) => new Date(Date.now() - days * 24 * 60 * 60 * 1000);
const release = (days: number): TestImage => buildTestImage({ created: daysAgo(days) });
const publish = (content: TestImage, isSigned = true) =>
  publishTestImage(registry, 'demo/sandbox', content, {
    tag: 'latest',
    signers: isSigned ? [publisher] : [],
    signPlatforms: true,
  });

/** What ghcr.io has of one production release of the Dangerzone sandbox: the signatures of its index and manifests. */
function publishRealSignatures(): string[] {
  const data = join(import.meta.dirname, 'demo-data');
  const digests = readdirSync(data).filter((name) => /^[0-9a-f]{64}$/.test(name));
  for (const hex of digests) {
    const repository = 'freedomofpress/dangerzone/v1';
    registry.putBlob(repository, readFileSync(join(data, hex, 'payload.json')));
    registry.putManifest(
      repository,
      readFileSync(join(data, hex, 'manifest.json')),
      'application/vnd.oci.image.manifest.v1+json',
      `sha256-${hex}.sig`,
    );
  }
  return digests;
}

say('1. Real signatures: one production release of the Dangerzone sandbox, with the keys built in');
for (const hex of publishRealSignatures()) {
  const reference = `ghcr.io/freedomofpress/dangerzone/v1@sha256:${hex}`;
  await run(
    ['store-signatures', reference, '--mirror', registry.origin, '--mirror-only', '--state-dir', './dangerzone-state'],
    0,
  );
}

say('2. A publisher signs a first release; this machine installs it');
const first = release(40);
publish(first);
await run(['check', ...installed], 0);
await run(['upgrade', ...installed], 0);
await run(['verify-local', ...installed], 0);

say('3. A second release: the tag moves, this machine follows');
publish(release(10));
await run(['upgrade', ...installed], 0);
await run(['status', ...installed], 0);

say('4. Somebody with push rights moves the tag to an image that nobody signed: refused, the good one stays');
publish(release(5), false);
await run(['upgrade', ...installed], 3);

say('5. Somebody moves the tag back to the first release, which is signed but old: refused');
publish(first);
await run(['upgrade', ...installed], 4);

say('6. Without the registry: the installed image still verifies');
await registry.close();
await run(['verify-local', ...installed], 0);

say('7. Somebody swaps the image on this machine for another one under the same name: refused');
const layout = JSON.parse(readFileSync(join(folder, 'images', 'index.json'), 'utf8'));
await writeFile(
  join(folder, 'images', 'index.json'),
  JSON.stringify({ ...layout, manifests: [{ ...layout.manifests[0], digest: `sha256:${'e'.repeat(64)}` }] }),
);
await run(['verify-local', ...installed], 3);

await rm(folder, { recursive: true, force: true });
end([
  'npx dangerzone-image --help                      the verbs, with examples',
  'npx dangerzone-image upgrade --runtime oci-layout --runtime-option path=./images',
  '                                                 the real Dangerzone sandbox, from ghcr.io',
  'docs/profiles.md                                 an image and keys of your own',
]);
