import { join } from 'node:path';
import { digestOf, mediaTypes } from '@dangerzone-image/core';
import { signatureTag } from '@dangerzone-image/core/testing';
import { expect, it, onTestFinished } from 'vitest';
import { createArchiveWorld, release } from '../write/archive-world.test-support.ts';
import { prepareArchive } from '../write/prepare-archive.ts';
import { openArchive } from './open-archive.ts';

it('bad input 153: what prepareArchive writes is read here, attestations of image and index and all', async () => {
  const { context, publish, output, folder, registry } = await createArchiveWorld();
  const image = release(1);
  publish(image);
  const platform = { os: 'linux', architecture: 'amd64' };
  for (const of of [image.digest, image.manifestFor(platform).digest]) {
    const [config, envelope] = [Buffer.from('{}'), Buffer.from(`{"payload":"${of}"}`)];
    for (const blob of [config, envelope]) registry.putBlob('team/sandbox', blob);
    const [configEntry, layer] = [config, envelope].map((bytes) => ({
      mediaType: 'application/vnd.dsse.envelope.v1+json',
      digest: digestOf(bytes),
      size: bytes.length,
    }));
    const { ociManifest: mediaType } = mediaTypes;
    const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config: configEntry, layers: [layer] }));
    registry.putManifest('team/sandbox', manifest, mediaType, signatureTag(of).replace(/sig$/, 'att'));
  }
  await prepareArchive(context, { platforms: [platform], output, toolVersion: '0' });
  const archive = await openArchive(join(folder, 'amd64.tar'));
  onTestFinished(() => archive.close());
  expect(archive).toMatchObject({ digest: image.digest, platforms: [platform] });
  await archive.prove(image.digest);
});
