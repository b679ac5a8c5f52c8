import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Digest } from '@dangerzone-image/core';
import {
  buildTestArchive,
  createTestAttester,
  createTestSigner,
  githubJob,
  githubPredicate,
  publishAttestations,
  publishTestImage,
  type TestImage,
  type TestRegistryOptions,
} from '@dangerzone-image/core/testing';
import { expect } from 'vitest';
import { createMachine, type Machine, recent } from './docs-machine.ts';
import { SIGSTORE, startTufPublisher, trustedRootWith } from './tuf-publisher.ts';

interface Given {
  /** How the registry is from the start. */
  readonly registry?: TestRegistryOptions;
  /** Before the block. */
  prepare?(machine: Machine): Promise<unknown>;
  /** Release 1 is not installed first. */
  readonly startsEmpty?: true;
  /** After the block. */
  afterwards?(machine: Machine): void;
}

const upgrade = ({ world }: Machine) => world.runBare(['upgrade', '--quiet']);
const data = ({ home }: Machine) => join(home, '.local', 'share', 'dangerzone');

/** Everything that a page may say to have happened. Without a word, release 1 is offered and installed. */
const givens: Readonly<Record<string, Given>> = {
  'nothing is installed': { startsEmpty: true },
  'no settings': { startsEmpty: true, prepare: ({ writeSettings }) => writeSettings(nothing) },
  'a newer release': { prepare: async ({ world }) => world.publish(recent(2)) },
  'an older release': {
    async prepare(machine) {
      machine.world.publish(recent(2));
      await upgrade(machine);
      machine.world.publish(recent(1));
    },
  },
  'an archive of a newer release': { prepare: (machine) => leaveArchive(machine, recent(2)) },
  'an archive of an older release': {
    async prepare(machine) {
      machine.world.publish(recent(2));
      await upgrade(machine);
      await leaveArchive(machine, recent(1));
    },
  },
  'the release is attested': { prepare: attestRelease },
  'an archive of it': {
    prepare: ({ world, folder }) =>
      world.runBare(['prepare-archive', '--quiet', '--output', join(folder, 'sandbox.tar')]),
  },
  'a damaged archive': { prepare: (machine) => leaveArchive(machine, recent(2), damaged) },
  'a release without a signature': {
    prepare: async ({ world: { registry } }) => publishTestImage(registry, 'team/sandbox', recent(2)),
  },
  'the registry is out of reach': { prepare: ({ world }) => world.registry.close() },
  'a release that somebody else signed': {
    async prepare({ world: { registry, image } }) {
      const signers = [createTestSigner({ image })];
      publishTestImage(registry, 'team/sandbox', recent(2), { signers });
    },
  },
  'the image was swapped': { prepare: swap },
  'a layer was changed in the store': { prepare: changeLayer },
  'another upgrade is at work': { prepare: holdUpgrade },
  'a log-in is needed': {
    registry: { auth: 'basic', logIn: { username: 'reader', password: 'secret' } },
    startsEmpty: true,
  },
  'the registry speaks https': {
    startsEmpty: true,
    async prepare({ companyRegistry, folder, writeSettings }) {
      const caFile = join(folder, 'company-ca.pem');
      await writeSettings({ mirrors: [companyRegistry.origin], mirrorOnly: true, caFile });
    },
  },
  'everything goes through the proxy': {
    startsEmpty: true,
    afterwards({ world, companyRegistry, proxies }) {
      const connections = [world.registry, companyRegistry].flatMap(({ received }) => [
        ...new Set(received.map(({ connection }) => connection)),
      ]);
      expect(connections).not.toHaveLength(0);
      expect(proxies.flatMap(({ asked }) => asked)).toHaveLength(connections.length);
    },
  },
  'the proxy is not asked': {
    startsEmpty: true,
    afterwards: ({ proxies }) => expect(proxies.flatMap(({ asked }) => asked)).toEqual([]),
  },
  'the proxy is down': {
    startsEmpty: true,
    prepare: ({ proxies }) => Promise.all(proxies.map((proxy) => proxy.close())),
  },
  'the mirror is down': { startsEmpty: true, prepare: ({ mirror }) => mirror.close() },
  'the image registry is not asked': {
    startsEmpty: true,
    afterwards: ({ world }) => expect(world.registry.requests).toEqual([]),
  },
  'Sigstore has a newer trusted root': { startsEmpty: true, prepare: publishTrustedRoot },
  'the record was edited': { prepare: editRecord },
  'Dangerzone was here': { startsEmpty: true, prepare: leaveDangerzoneState },
};

const nothing = { profile: undefined, runtime: undefined, runtimeOptions: undefined, progress: undefined };

export async function prepareMachine(
  names: readonly string[],
  files: Readonly<Record<string, string>>,
): Promise<{ machine: Machine; afterwards(): void }> {
  const stages = names.map((name) => {
    const stage = givens[name];
    if (!stage) throw new Error(`given what? ${name} is none of: ${Object.keys(givens).join(', ')}`);
    return stage;
  });
  const machine = await createMachine(Object.assign({}, ...stages.map(({ registry }) => registry)));
  for (const [name, text] of Object.entries(files)) {
    if (name !== 'config.json') await machine.writeFile(name, text);
  }
  await machine.writeSettings(JSON.parse(files['config.json'] ?? '{}'));
  machine.world.publish(recent(1));
  if (!stages.some(({ startsEmpty }) => startsEmpty)) {
    expect(await upgrade(machine)).toMatchObject({ code: 0, stdout: '', stderr: '' });
  }
  for (const { prepare } of stages) await prepare?.(machine);
  return {
    machine,
    afterwards() {
      for (const { afterwards } of stages) afterwards?.(machine);
    },
  };
}

/** By the publisher's own workflow on GitHub; the profile names a trusted root that knows who gave the certificate. */
async function attestRelease({ world }: Machine): Promise<void> {
  const attester = createTestAttester();
  const digest = (await world.runBare(['status', '--json'])).json.image.digest as Digest;
  const statement = { predicateType: 'https://slsa.dev/provenance/v1', predicate: githubPredicate() };
  const attestation = attester.attest({ digest, ...statement, signer: githubJob() });
  publishAttestations(world.registry, 'team/sandbox', digest, [attestation]);
  await writeFile(join(world.folder, 'trusted_root.json'), attester.trustedRoot, { mode: 0o600 });
  await world.writeProfile({ transparencyLog: { keys: ['rekor.pub'], trustedRoot: 'trusted_root.json' } });
}

/** A file in the current folder, as it came on a stick; the registry has nothing to do with it. */
async function leaveArchive({ world, folder }: Machine, image: TestImage, change = (bytes: Buffer) => bytes) {
  await writeFile(join(folder, 'sandbox.tar'), change(buildTestArchive(image, { signers: [world.signer] })));
}

/** One byte of the first blob turned. */
function damaged(bytes: Buffer): Buffer {
  const at = bytes.indexOf('./blobs/sha256/') + 512;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}

/** Somebody who can write to the store puts another image under the same name. */
async function swap({ world }: Machine): Promise<void> {
  const evil = recent(3);
  const file = join(world.layout, 'index.json');
  const index = JSON.parse(await readFile(file, 'utf8'));
  for (const { digest, bytes } of [evil.index, ...evil.manifests, ...evil.blobs]) {
    await writeFile(join(world.layout, 'blobs', 'sha256', digest.slice(7)), bytes);
  }
  index.manifests[0] = { ...index.manifests[0], digest: evil.digest, size: evil.index.bytes.length };
  await writeFile(file, JSON.stringify(index));
}

/** Somebody who can write to the store changes a byte of the image's last layer, and no name. */
async function changeLayer({ world }: Machine): Promise<void> {
  const blob = (digest: string) => join(world.layout, 'blobs', 'sha256', digest.slice(7));
  const { manifest } = (await world.runBare(['verify-local', '--json'])).json.image;
  const { layers }: { layers: { digest: string }[] } = JSON.parse(await readFile(blob(manifest), 'utf8'));
  const file = blob(layers.at(-1)?.digest ?? '');
  const bytes = await readFile(file);
  bytes.writeUInt8((bytes.at(-1) ?? 0) ^ 1, bytes.length - 1);
  await writeFile(file, bytes);
}

/** Somebody who can write as this user makes the first record say something else. */
async function editRecord({ world }: Machine): Promise<void> {
  const { folder } = JSON.parse((await world.runBare(['history', '--json'])).stdout);
  const file = join(folder, 'journal', '0000000001.jsonl');
  await writeFile(file, (await readFile(file, 'utf8')).replace('"upgrade"', '"check"'));
}

/** An upgrade that another process began, held in its first download until the block has ended. */
async function holdUpgrade(machine: Machine): Promise<void> {
  machine.world.publish(recent(2));
  machine.world.registry.requests.length = 0;
  const release = machine.holdDownload();
  const ended = upgrade(machine);
  machine.atEnd.push(() => {
    release();
    return ended;
  });
  const { requests } = machine.world.registry;
  await expect.poll(() => requests.some((line) => line.includes('/blobs/'))).toBe(true);
}

/** Sigstore as it could be tomorrow: its trusted root names the log that the release is in. */
async function publishTrustedRoot({ world, addresses, env, atEnd }: Machine): Promise<void> {
  const tuf = await startTufPublisher();
  atEnd.push(() => tuf.served.close());
  tuf.repository.publish(trustedRootWith(world.signer));
  addresses.push([SIGSTORE, tuf.served.origin]);
  Object.assign(env, tuf.env);
}

/** The folder as Dangerzone 0.11 leaves it, and the built-in profile. */
async function leaveDangerzoneState(machine: Machine): Promise<void> {
  await machine.writeSettings({ profile: undefined });
  const signatures = join(data(machine), 'signatures');
  await mkdir(signatures, { recursive: true, mode: 0o755 });
  await writeFile(join(signatures, 'last_log_index'), '2086326142');
}
