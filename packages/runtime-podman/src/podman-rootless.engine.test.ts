import { spawnSync } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVerifiedStream, hexOf, hostPlatform } from '@dangerzone-image/core';
import {
  buildTestImage,
  createTestSigner,
  memorySource,
  publishTestImage,
  startTestRegistry,
  verifiedTestImage,
} from '@dangerzone-image/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createRuntime } from './create-runtime.ts';
import { isPodmanHere } from './podman.test-support.ts';

const NOBODY = 65534;
const WORK_NAME = 'localhost/dangerzone-image/test:incoming';

/** Podman as another user, who gets the folder of each call as if that user had called us. */
const asNobody = (home: string): string => `#!/bin/sh
for word in "$@"; do case $word in --authfile=*) chown -R ${NOBODY} "$(dirname "\${word#--authfile=}")";; esac; done
if [ -n "$TMPDIR" ]; then chown -R ${NOBODY} "$TMPDIR"; else cd /; fi
exec setpriv --reuid=${NOBODY} --regid=${NOBODY} --clear-groups env HOME='${home}' XDG_RUNTIME_DIR='${home}/run' podman "$@"
`;

interface Rootless {
  readonly command: string;
  readonly root: string;
  readonly runroot: string;
  readonly spool: string;
}

async function createRootless(): Promise<Rootless & AsyncDisposable> {
  const home = await mkdtemp(join(tmpdir(), 'dangerzone-image-rootless-'));
  const spool = join(home, 'spool');
  await mkdir(join(home, 'run'), { mode: 0o700 });
  await mkdir(spool);
  for (const folder of [home, join(home, 'run'), spool]) await chown(folder, NOBODY, NOBODY);
  const command = join(home, 'podman');
  await writeFile(command, asNobody(home));
  await chmod(command, 0o755);
  const store = { root: join(home, 'root'), runroot: join(home, 'runroot') };
  return {
    command,
    spool,
    ...store,
    async [Symbol.asyncDispose]() {
      spawnSync(command, ['--root', store.root, '--runroot', store.runroot, 'rmi', '--all', '--force']);
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Why Podman cannot run as another user here, in its own words; undefined where it can. */
async function whyNot(): Promise<string | undefined> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'only root can become another user';
  await using rootless = await createRootless();
  const words = ['--root', rootless.root, '--runroot', rootless.runroot, 'info'];
  const { status, stderr } = spawnSync(rootless.command, words, { encoding: 'utf8' });
  return status === 0 ? undefined : (stderr.trim().split('\n').at(-1) ?? 'no reason given');
}

const reason = isPodmanHere ? await whyNot() : 'no Podman';
if (reason !== undefined) console.warn(`skipped: rootless Podman does not run here: ${reason}`);

describe.skipIf(reason !== undefined)('bad input 179: rootless Podman', () => {
  async function createScene() {
    const rootless = await createRootless();
    const registry = await startTestRegistry();
    onTestFinished(async () => {
      await registry.close();
      await rootless[Symbol.asyncDispose]();
    });
    const name = `${registry.host}/team/sandbox`;
    const signer = createTestSigner({ image: name });
    const image = buildTestImage({ created: '2026-01-02T03:04:05Z' });
    publishTestImage(registry, 'team/sandbox', image, { signers: [signer] });
    const verified = verifiedTestImage(image, name, hostPlatform(), signer);
    const { command, root, runroot, spool } = rootless;
    return { runtime: createRuntime({ command, root, runroot }), name, image, verified, root, spool };
  }

  it('says that it is, and which store it has', async () => {
    const { runtime, root } = await createScene();
    expect(await runtime.info()).toMatchObject({ isRootless: true, isRemote: false, endpoint: root });
  });

  it('claims the same image by both roads, and gives it up', async () => {
    const { runtime, verified, image, name } = await createScene();
    const pulled = await runtime.pull?.(verified, { name: WORK_NAME });
    expect(pulled?.id).toBe(hexOf(verified.config.digest));
    await runtime.remove(pulled ?? { id: '', digests: [], names: [] });
    const repository = WORK_NAME.slice(0, WORK_NAME.lastIndexOf(':'));
    expect(await runtime.images(repository)).toEqual([]);
    const stream = createVerifiedStream(verified, memorySource([image]), name);
    expect(await runtime.load(stream, { name: WORK_NAME })).toEqual(pulled);
  });

  it('keeps nothing of a broken-off load', async () => {
    const { runtime, verified, image, name, spool } = await createScene();
    const before = process.env.TMPDIR;
    process.env.TMPDIR = spool;
    onTestFinished(() => {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    });
    const source = memorySource([image], (digest, bytes) =>
      digest === verified.manifest.layers.at(-1)?.digest ? bytes.subarray(1) : bytes,
    );
    const stream = createVerifiedStream(verified, source, name);
    await expect(runtime.load(stream, { name: WORK_NAME })).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(await runtime.images(name)).toEqual([]);
    expect(await readdir(spool)).toEqual([]);
  });
});
