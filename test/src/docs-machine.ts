import { spawn } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  buildTestImage,
  createTestCertificate,
  publishTestImage,
  startHttpProxy,
  startSocksProxy,
  startTestRegistry,
  type TestImage,
  type TestProxy,
  type TestRegistry,
  type TestRegistryOptions,
} from '@dangerzone-image/core/testing';
import { cli, createWorld, type World } from './world.ts';

export interface Ended {
  readonly code: number | null;
  /** stdout and stderr as they come, with the addresses that the pages use. */
  readonly printed: string;
}

/** A world that looks like the machine of whoever reads a page: its commands run in it as they stand there. */
export interface Machine extends AsyncDisposable {
  readonly world: World;
  readonly home: string;
  /** The current folder of what is run. */
  readonly folder: string;
  /** Has release 1, as the image's own registry does. */
  readonly mirror: TestRegistry;
  /** Speaks https, with a certificate that nobody knows; it has release 1. */
  readonly companyRegistry: TestRegistry;
  readonly proxies: readonly TestProxy[];
  /** What the pages call a place, and where it is here; may be added to. */
  readonly addresses: [string, string][];
  /** Of what is run; may be added to. */
  readonly env: Record<string, string>;
  /** Into the current folder. */
  writeFile(name: string, text: string): Promise<void>;
  /** Our own settings: the profile, the runtime, and no progress, whose lines a terminal writes over. */
  writeSettings(members: Readonly<Record<string, unknown>>): Promise<void>;
  /** The next download waits in the registry until the answer is called. */
  holdDownload(): () => void;
  /** Done before the world goes. */
  readonly atEnd: (() => Promise<unknown> | undefined)[];
  run(script: string): Promise<Ended>;
}

const DAY_MS = 86_400_000;

/** Releases as publishers make them: the third is of last week, none is stale. */
export function recent(number: 1 | 2 | 3): TestImage {
  return buildTestImage({ created: new Date(Date.now() - (34 - 9 * number) * DAY_MS), seed: String(number) });
}

export async function createMachine(registryOptions: TestRegistryOptions = {}): Promise<Machine> {
  const download: { held?: Promise<void> | undefined } = {};
  const world = await createWorld({
    ...registryOptions,
    async fault({ path }) {
      if (!path.includes('/blobs/')) return undefined;
      const { held } = download;
      download.held = undefined;
      await held;
      return undefined;
    },
  });
  const [home, folder, bin] = ['home', 'work', 'bin'].map((name) => join(world.folder, name)) as [
    string,
    string,
    string,
  ];
  const tls = createTestCertificate();
  const [mirror, companyRegistry] = [await startTestRegistry(), await startTestRegistry({ tls })];
  // A proxy on loopback leads to one place: this one to the registry that speaks https, Tor's to the other.
  const httpProxy = await startHttpProxy({ to: portOf(companyRegistry) });
  const tor = await startSocksProxy({ to: portOf(world.registry) });
  const signers = [world.signer];
  for (const registry of [mirror, companyRegistry]) {
    publishTestImage(registry, 'team/sandbox', recent(1), { signers, signPlatforms: true });
  }
  // What the pages call it, and what it is here.
  const addresses: [string, string][] = [
    ['registry.example.org', world.registry.host],
    ['https://mirror.example.net', mirror.origin],
    ['registry.company.example', companyRegistry.host],
    ['proxy.example.net:3128', httpProxy.host],
    ['127.0.0.1:9050', tor.host],
  ];
  const exchange = (text: string, from: 0 | 1) =>
    addresses.reduce((all, pair) => all.replaceAll(pair[from], pair[1 - from] as string), text);

  const write = async (path: string, text: string, mode = 0o600) => {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, exchange(text, 0), { mode });
  };
  await write(join(folder, 'cosign.pub'), world.signer.publicKeyPem);
  await write(join(folder, 'rekor.pub'), world.signer.logPublicKeyPem);
  await write(join(folder, 'company-ca.pem'), tls.cert);
  await write(join(bin, 'dangerzone-image'), `#!/bin/sh\nexec '${process.execPath}' '${cli}' "$@"\n`);
  await chmod(join(bin, 'dangerzone-image'), 0o755);
  const env: Record<string, string> = { PATH: `${bin}:${process.env.PATH}`, HOME: home, NO_COLOR: '1' };
  const settings = { profile: world.profile, runtime: 'oci-layout', runtimeOptions: { path: world.layout } };
  const atEnd: Machine['atEnd'] = [];
  return {
    world,
    home,
    folder,
    mirror,
    companyRegistry,
    proxies: [httpProxy, tor],
    addresses,
    env,
    atEnd,
    holdDownload() {
      const { promise, resolve } = Promise.withResolvers<void>();
      download.held = promise;
      return resolve;
    },
    writeFile: (name, text) => write(join(folder, name), text),
    writeSettings: (members) =>
      write(
        join(home, '.config', 'dangerzone-image', 'config.json'),
        JSON.stringify({ ...settings, progress: 'none', ...members }),
      ),
    async run(script) {
      const { code, printed } = await runShell(exchange(script, 0), { cwd: folder, env });
      return { code, printed: exchange(printed, 1) };
    },
    async [Symbol.asyncDispose]() {
      for (const act of atEnd) await act();
      await Promise.all([mirror, companyRegistry, httpProxy, tor].map((server) => server.close()));
      await world[Symbol.asyncDispose]();
    },
  };
}

const portOf = ({ host }: TestRegistry) => Number(host.split(':')[1]);

/** The first command that fails ends it, and both streams come as one, as a terminal shows them. */
async function runShell(script: string, options: { cwd: string; env: Record<string, string> }): Promise<Ended> {
  const child = spawn('sh', ['-e', '-c', `exec 2>&1\n${script}`], { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
  const chunks: Uint8Array[] = [];
  const closed = new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject));
  for await (const chunk of child.stdout) chunks.push(chunk);
  return { code: await closed, printed: Buffer.concat(chunks).toString() };
}
