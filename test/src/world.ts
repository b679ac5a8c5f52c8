import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  buildTestImage,
  createTestSigner,
  type PublishedImage,
  publishTestImage,
  startTestRegistry,
  type TestImage,
  type TestRegistry,
  type TestRegistryOptions,
  type TestSigner,
} from '@dangerzone-image/core/testing';

/** The built CLI's bin file. */
export const cli = join(
  dirname(createRequire(import.meta.url).resolve('dangerzone-image/package.json')),
  'bin',
  'dangerzone-image.js',
);

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as JSON, for `--json`. */
  readonly json: Result;
}

/** What a script reads of `--json`. */
export interface Result {
  readonly schema: number;
  readonly verb: string;
  readonly status: string;
  readonly image: { readonly digest: string; readonly manifest: string; readonly config: string };
  readonly previous?: { readonly digest: string };
  readonly installed?: { readonly digest: string };
  readonly download?: { readonly bytes: number };
  readonly floor: Readonly<Record<string, number>>;
  readonly signatures: readonly {
    readonly verdict: string;
    readonly key?: string;
    readonly reason?: string;
    readonly log: { readonly id: string; readonly index: number; readonly time: string };
  }[];
  readonly reason?: { readonly code: string };
  readonly notices: readonly string[];
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly suggestions: readonly string[];
    readonly details: Record<string, unknown>;
  };
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Put in front of the command, such as `unshare --net`. */
  readonly prefix?: readonly string[];
  /** Called when it runs, for who wants to end it. */
  readonly onStart?: (child: ChildProcess) => void;
}

/** A publisher with a registry, and a person's machine with the built CLI and an OCI layout: all real, all on loopback. */
export interface World extends AsyncDisposable {
  readonly folder: string;
  readonly registry: TestRegistry;
  readonly signer: TestSigner;
  readonly image: string;
  readonly state: string;
  /** The folder of images: an OCI layout, or the engine’s own store. */
  readonly layout: string;
  readonly runtime: { readonly name: string; readonly options: Readonly<Record<string, string>> };
  readonly profile: string;
  /** What the CLI is started with: in front of it, and its variables. */
  readonly start: { readonly prefix: readonly string[]; readonly env: Readonly<Record<string, string>> };
  /** The CLI with this machine's profile, runtime and state, and `--json`. */
  run(args: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** The CLI with exactly these arguments. */
  runBare(args: readonly string[], options?: RunOptions): Promise<Outcome>;
  publish(image: TestImage, tag?: string): PublishedImage;
  writeProfile(members: Readonly<Record<string, unknown>>, name?: string): Promise<string>;
}

/** Which runtime the machine has; its store is a folder of this world. */
export interface Engine {
  readonly name: string;
  options(layout: string): Readonly<Record<string, string>>;
  /** Makes the world's folder ready for whoever the CLI runs as. */
  prepare?(folder: string): Promise<void>;
  /** How the CLI is started there, where it is not as ourselves. */
  readonly prefix?: readonly string[];
  /** The CLI, where it is not the built package by this Node. */
  readonly program?: string;
  env?(folder: string): Readonly<Record<string, string>>;
  /** Before the world's folder goes. */
  dispose?(layout: string): Promise<void>;
}

const ociLayout: Engine = { name: 'oci-layout', options: (path) => ({ path }) };

export async function createWorld(registryOptions: TestRegistryOptions = {}, engine = ociLayout): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'dangerzone-image-world-'));
  const registry = await startTestRegistry(registryOptions);
  const image = `${registry.host}/team/sandbox`;
  const signer = createTestSigner({ image });
  const [state, layout] = [join(folder, 'state'), join(folder, 'images')];
  for (const name of ['home', 'spool']) await mkdir(join(folder, name), { mode: 0o700 });
  await writeFile(join(folder, 'cosign.pub'), signer.publicKeyPem, { mode: 0o600 });
  await writeFile(join(folder, 'rekor.pub'), signer.logPublicKeyPem, { mode: 0o600 });

  const writeProfile: World['writeProfile'] = async (members, name = 'profile.json') => {
    const path = join(folder, name);
    const defaults = { name: 'example', image, keys: ['cosign.pub'], transparencyLog: { keys: ['rekor.pub'] } };
    await writeFile(path, JSON.stringify({ ...defaults, ...members }), { mode: 0o600 });
    return path;
  };
  const profile = await writeProfile({});
  const [PATH = '', HOME, TMPDIR] = [process.env.PATH, join(folder, 'home'), join(folder, 'spool')];
  const env = { PATH, HOME, TMPDIR, NO_COLOR: '1', ...engine.env?.(folder) };
  const runBare: World['runBare'] = (args, options) => {
    const prefix = [...(options?.prefix ?? []), ...(engine.prefix ?? [])];
    const program = engine.program === undefined ? [process.execPath, cli] : [engine.program];
    return runCli([...program, ...args], { ...options, prefix, env: { ...env, ...options?.env } });
  };
  const common = ['--profile', profile, '--state-dir', state, '--json'];
  const runtimeOptions = engine.options(layout);
  const words = Object.entries(runtimeOptions).flatMap(([key, value]) => ['--runtime-option', `${key}=${value}`]);
  const local = ['--runtime', engine.name, ...words];
  await engine.prepare?.(folder);
  return {
    folder,
    registry,
    signer,
    image,
    state,
    layout,
    runtime: { name: engine.name, options: runtimeOptions },
    profile,
    start: { prefix: engine.prefix ?? [], env },
    writeProfile,
    runBare,
    run: ([verb = '', ...args], options) =>
      runBare([verb, ...common, ...(verb === 'store-signatures' ? [] : local), ...args], options),
    publish: (release, tag = 'latest') =>
      publishTestImage(registry, 'team/sandbox', release, { tag, signers: [signer], signPlatforms: true }),
    async [Symbol.asyncDispose]() {
      await registry.close();
      await engine.dispose?.(layout);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A release of the test image: a later month is a later release. */
export function release(month: number, seed = ''): TestImage {
  return buildTestImage({ created: new Date(Date.UTC(2026, month - 1, 1)), seed });
}

/** Runs the CLI as a script would; the registry lives in this process, so nothing here may block. */
async function runCli(words: readonly string[], { env, prefix = [], onStart }: RunOptions): Promise<Outcome> {
  const [command = '', ...rest] = [...prefix, ...words];
  const child = spawn(command, rest, { env: { ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  onStart?.(child);
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const code = await new Promise<number | null>((resolve, reject) => child.on('close', resolve).on('error', reject));
  const text = await stdout;
  return {
    code,
    stdout: text,
    stderr: await stderr,
    get json() {
      return JSON.parse(text) as Result;
    },
  };
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
