import { execFile } from 'node:child_process';
import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { createTestSigner, publishTestImage, type TestSigner } from '@dangerzone-image/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { printsAs, readPage } from './docs-page.ts';
import { installPacked, type PackedApp } from './packed-app.ts';
import { createWorld, release, type World } from './world.ts';

const root = join(import.meta.dirname, '..', '..');
const PLUGIN = 'dangerzone-image-runtime-nerdctl';

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function run(words: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Promise<Run> {
  return new Promise((resolve) => {
    const [program = '', ...args] = words;
    execFile(program, args, { cwd, env }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe('the packages, packed and installed outside of the workspace', () => {
  let app: PackedApp;
  beforeAll(async () => {
    app = await installPacked();
  });
  afterAll(() => app[Symbol.asyncDispose]());

  /** A person’s machine, whose PATH has nothing but what a test puts there. */
  const machine = async (name: string) => {
    const home = join(app.folder, name);
    const programs = join(home, 'bin');
    await mkdir(programs, { recursive: true, mode: 0o700 });
    const cli = async (...args: string[]) => {
      const { code, stdout } = await run([process.execPath, app.cli, ...args, '--json'], home, {
        HOME: home,
        PATH: programs,
      });
      return { code, json: JSON.parse(stdout) };
    };
    return { home, programs, cli };
  };

  it('depend on each other by version, and on nothing of the workspace', () => {
    const versions = new Map(app.packages.map(({ name, version }) => [name, version]));
    expect([...versions.keys()]).toContain(PLUGIN);
    for (const { name, dependencies = {} } of app.packages) {
      for (const [dependency, range] of Object.entries(dependencies)) {
        const place = `${dependency} of ${name}`;
        expect({ place, range }).toEqual({
          place,
          range: versions.get(dependency) ?? expect.stringMatching(/^\d+\.\d+\.\d+$/),
        });
      }
    }
  });

  it('bad input 195: hold what they need to run, and no test, fixture or private key', async () => {
    const listed =
      /^(package\.json|LICENSE|README\.md|oclif\.manifest\.json|bin\/.+\.js|schema\/.+\.json|dist\/.+(\.js|\.d\.ts|NOTICES\.txt))$/;
    for (const { name } of app.packages) {
      const folder = join(app.folder, 'node_modules', name);
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
      expect(files.length).toBeGreaterThan(2);
      for (const file of files) {
        const path = relative(folder, file).replaceAll(sep, '/');
        expect(path).toMatch(listed);
        expect(path).not.toMatch(/\.test\.|test-support|fixture/);
        const hasKey = (await readFile(file, 'latin1')).includes('PRIVATE KEY-----');
        expect({ path, hasKey }).toEqual({ path, hasKey: false });
      }
    }
  });

  it('the program starts', async () => {
    const { stdout } = await run([process.execPath, app.cli, '--version'], app.folder, {});
    const { version } = JSON.parse(
      await readFile(join(app.folder, 'node_modules', 'dangerzone-image', 'package.json'), 'utf8'),
    );
    expect(stdout).toContain(version);
  });

  it('a runtime by somebody else is added by its name, listed, selected and removed', async () => {
    const { cli } = await machine('without-nerdctl');
    expect(await cli('status', '--runtime', 'nerdctl')).toMatchObject({
      code: 2,
      json: { error: { code: 'RUNTIME_UNKNOWN' } },
    });
    expect(await cli('plugins', 'add', PLUGIN)).toMatchObject({
      code: 0,
      json: {
        status: 'added',
        plugin: { name: PLUGIN, path: join(app.folder, 'node_modules', PLUGIN), runtimes: ['nerdctl'] },
      },
    });
    const { json } = await cli('runtimes', '--runtime', 'nerdctl');
    expect(json.runtimes).toContainEqual(
      expect.objectContaining({
        name: 'nerdctl',
        plugin: PLUGIN,
        bundled: false,
        available: false,
        reason: expect.objectContaining({ code: 'RUNTIME_UNAVAILABLE' }),
      }),
    );
    // An error of the plugin’s is recognised by its code, whichever copy of core made it.
    expect(await cli('status', '--runtime', 'nerdctl')).toMatchObject({
      code: 6,
      json: { error: { code: 'RUNTIME_UNAVAILABLE', suggestions: [expect.stringContaining('nerdctl info')] } },
    });
    expect((await cli('plugins', 'remove', PLUGIN)).code).toBe(0);
    expect((await cli('status', '--runtime', 'nerdctl')).code).toBe(2);
  });

  it.skipIf(process.platform === 'win32')('and used, where its engine answers: docs/write-a-runtime.md', async () => {
    const { home, programs } = await machine('with-nerdctl');
    const write = (name: string, script: string) => writeFile(join(programs, name), script, { mode: 0o700 });
    await write(
      'nerdctl',
      `#!${process.execPath}
      if (process.argv.includes('info')) console.log(JSON.stringify({ ServerVersion: '2.2.0', Driver: 'overlayfs' }));`,
    );
    await write('dangerzone-image', `#!/bin/sh\nexec '${process.execPath}' '${app.cli}' "$@" 2>&1\n`);
    const { runnable } = readPage('write-a-runtime');
    expect(runnable).toHaveLength(2);
    for (const { script, exitCode, prints } of runnable) {
      const { code, stdout } = await run(['/bin/sh', '-e', '-c', script], home, { HOME: home, PATH: programs });
      expect({ code, stdout }).toMatchObject({ code: exitCode });
      if (prints !== undefined) expect(stdout).toMatch(printsAs(prints));
    }
  });

  it('have types that a strict project outside compiles with, its own and the example’s code', async () => {
    const project = join(app.folder, 'project');
    await mkdir(project);
    const names = app.packages.flatMap(({ name, exports = {} }) =>
      Object.keys(exports).flatMap((entry) => (entry.endsWith('.json') ? [] : [name + entry.slice('.'.length)])),
    );
    expect(names).toEqual(expect.arrayContaining([PLUGIN, '@dangerzone-image/core/testing']));
    const imports = names.map((name, index) => `export * as m${index} from '${name}';`);
    await writeFile(join(project, 'imports.ts'), imports.join('\n'));
    await writeFile(
      join(project, 'use.ts'),
      `import { type CreateRuntime, codeOf, type VerifiedImage } from '@dangerzone-image/core';
       import { describeRuntimeContract } from '@dangerzone-image/core/testing';
       import { createRuntime } from '${PLUGIN}';
       const create: CreateRuntime = createRuntime;
       describeRuntimeContract('mine', async () => ({ runtime: create({}), dispose: async () => {} }));
       const code: string | undefined = codeOf(new Error());
       declare const lookalike: { [K in keyof VerifiedImage as K extends string ? K : never]: VerifiedImage[K] };
       // @ts-expect-error Only verification makes evidence: what merely has all of its members does not compile.
       const image: VerifiedImage = lookalike;
       console.log(code, image);`,
    );
    await copyFile(join(root, 'examples', 'verify-from-node', 'verify.ts'), join(project, 'verify.ts'));
    const compilerOptions = { module: 'nodenext', target: 'es2024', strict: true, noEmit: true, types: ['node'] };
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    await writeFile(join(project, 'package.json'), JSON.stringify({ type: 'module' }));
    const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    expect(await run([process.execPath, tsc, '-p', project], project, {})).toMatchObject({ code: 0, stdout: '' });
  });

  describe('examples/verify-from-node', () => {
    const verify = async (profile: string) => {
      const script = join(app.folder, 'verify.ts');
      await copyFile(join(root, 'examples', 'verify-from-node', 'verify.ts'), script);
      return run([process.execPath, script, profile], app.folder, {});
    };

    it('prints the signed reference and who signed it', async () => {
      await using world = await createWorld();
      const { digest } = world.publish(release(1));
      const { code, stdout } = await verify(world.profile);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toMatchObject({
        image: `${world.image}@${digest}`,
        signatures: [{ verdict: 'accepted', digest, log: { index: expect.any(Number) } }],
      });
    });

    it.each<[string, string, (world: World) => TestSigner[]]>([
      ['is unsigned', 'SIGNATURE_MISSING', () => []],
      ['somebody else signed', 'SIGNATURE_FOREIGN', ({ image }) => [createTestSigner({ image })]],
      ['was signed under another name', 'SIGNATURE_INVALID', ({ signer }) => [otherName(signer)]],
    ])('refuses an image that %s', async (_, expected, signersOf) => {
      await using world = await createWorld();
      publishTestImage(world.registry, 'team/sandbox', release(1), { signers: signersOf(world) });
      expect(await verify(world.profile)).toMatchObject({
        code: 3,
        stdout: '',
        stderr: expect.stringMatching(`^${expected} `),
      });
    });
  });
});

function otherName(signer: TestSigner): TestSigner {
  return { ...signer, sign: (request) => signer.sign({ ...request, image: 'registry.example.org/other' }) };
}
