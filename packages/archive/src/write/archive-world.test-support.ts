import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type OnlineContext, type ProgressEvent, parsePublicKey, pinnedLog } from '@dangerzone-image/core';
import { openSources } from '@dangerzone-image/core/registry';
import {
  buildTestImage,
  createTestSigner,
  type PublishOptions,
  publishTestImage,
  startTestRegistry,
  type TestImage,
  type TestRegistryOptions,
  testProfile,
} from '@dangerzone-image/core/testing';
import { onTestFinished } from 'vitest';

export const amd64 = { os: 'linux', architecture: 'amd64' } as const;
export const arm64 = { os: 'linux', architecture: 'arm64' } as const;

/** A publisher with a registry on loopback, and a folder that archives are written to. */
export async function createArchiveWorld(options: TestRegistryOptions = {}) {
  const registry = await startTestRegistry(options);
  const folder = await mkdtemp(join(tmpdir(), 'archive-'));
  onTestFinished(async () => {
    await registry.close();
    await rm(folder, { recursive: true, force: true });
  });
  const image = `${registry.host}/team/sandbox`;
  const signer = createTestSigner({ image });
  const log = pinnedLog(parsePublicKey(Buffer.from(signer.logPublicKeyPem), 'log'));
  const key = parsePublicKey(Buffer.from(signer.publicKeyPem), 'key');
  const trust = { image, keys: [key], threshold: 1, logs: [log] };
  const profile = { ...testProfile(trust), name: 'example' };
  const events: ProgressEvent[] = [];
  const context: OnlineContext = {
    profile,
    state: { path: join(folder, 'state') },
    source: openSources({ reference: { registry: registry.host }, env: {} }),
    report: (event) => events.push(event),
  };
  const publish = (release: TestImage, more: PublishOptions = {}) =>
    publishTestImage(registry, 'team/sandbox', release, { signers: [signer], signPlatforms: true, ...more });
  const output = join(folder, '{arch}.tar');
  const files = async () => (await readdir(folder)).filter((name) => name !== 'state').sort();
  return { registry, folder, image, signer, log, profile, events, context, publish, output, files };
}

/** A layer that does not compress: `seed` makes another one. */
export function noise(bytes: number, seed = ''): string {
  let text = '';
  for (let count = 0; text.length < bytes; count++) {
    text += createHash('sha512').update(`${seed} ${count}`).digest('base64');
  }
  return text.slice(0, bytes);
}

export function release(month: number, layerBytes: readonly number[] = [4000, 70_000]): TestImage {
  const layers = layerBytes.map((bytes, position) => ({ [`data/${position}`]: noise(bytes, `${month} ${position}`) }));
  return buildTestImage({ created: new Date(Date.UTC(2026, month - 1, 1)), layers });
}

/** Name and bytes of each member; as simple as the format of ours is. */
export function readTar(archive: Buffer): Map<string, Buffer> {
  const members = new Map<string, Buffer>();
  let at = 0;
  while (archive[at] !== 0) {
    const name = archive.toString('latin1', at, archive.indexOf(0, at));
    const size = Number.parseInt(archive.toString('latin1', at + 124, at + 135), 8);
    members.set(name, archive.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  if (archive.length - at !== 1024 || archive.subarray(at).some((byte) => byte !== 0)) throw new Error('no plain end');
  return members;
}
