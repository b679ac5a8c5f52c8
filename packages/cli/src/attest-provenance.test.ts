import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Digest } from '@dangerzone-image/core';
import {
  buildTestImage,
  createTestAttester,
  githubJob,
  githubPredicate,
  publishAttestations,
  startTestRegistry,
  testTar,
} from '@dangerzone-image/core/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli, steersTerminal, temporaryFolder } from './run-cli.test-support.ts';

const SAVED = new URL('../../../../shared/fixtures/slsa-container-provenance/', import.meta.url);
const hasSaved = existsSync(SAVED);
if (!hasSaved) console.warn('Skipped: real provenance is not there (../shared/fixtures).');

let registry: Awaited<ReturnType<typeof startTestRegistry>>;
beforeAll(async () => {
  registry = await startTestRegistry();
});
afterAll(() => registry.close());

/** Pushes what cosign saved, as its publisher did. */
function publishSaved(version: string, repository: string) {
  const folder = new URL(`${version}/container_workflow_dispatch/`, SAVED);
  const blobs = new Map(
    readdirSync(new URL('blobs/sha256/', folder)).map((hex) => [
      hex,
      readFileSync(new URL(`blobs/sha256/${hex}`, folder)),
    ]),
  );
  for (const bytes of blobs.values()) registry.putBlob(repository, bytes);
  const bytesOf = (digest: string) => blobs.get(digest.slice('sha256:'.length)) ?? Buffer.alloc(0);
  const { manifests } = JSON.parse(readFileSync(new URL('index.json', folder), 'utf8'));
  const [image, attestations] = manifests as { digest: Digest; mediaType: string }[];
  if (!image || !attestations) throw new TypeError(`${folder} is not what cosign saves`);
  registry.putManifest(repository, bytesOf(image.digest), image.mediaType, 'latest');
  const tag = `${image.digest.replace(':', '-')}.att`;
  registry.putManifest(repository, bytesOf(attestations.digest), attestations.mediaType, tag);
  return { digest: image.digest, attestations: attestations.digest };
}

/** The same folder as a plain tar. */
function archiveSaved(version: string) {
  const folder = new URL(`${version}/container_workflow_dispatch/`, SAVED);
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [join(entry.parentPath, entry.name)] : [],
  );
  const root = fileURLToPath(folder);
  const members = names.map((path) => ({ name: `./${relative(root, path)}`, bytes: readFileSync(path) }));
  const file = join(temporaryFolder(), 'saved.tar');
  writeFileSync(file, testTar(members));
  return { file, digest: readFileSync(new URL('../container_workflow_dispatch.digest', folder), 'utf8').trim() };
}

const source = 'slsa-framework/example-package';
const workflow = '.github/workflows/verifier-e2e.all.workflow_dispatch.main.all.slsa3.yml';
const real = [
  ['v1.4.0', ['--branch', 'main', '--commit', '904e2c3e02725e314cf6cf141c4700081298dcbd']],
  ['v1.7.0', ['--branch', 'main', '--commit', '62cb1f1e485829bafe8bbec8b9900c0cb7624fe7']],
  ['v2.0.0', ['--tag', 'v13.0.30', '--commit', '693130cb6cb840a7bc9cb18c6510d536a95dc7e6']],
] as const;

describe.skipIf(!hasSaved)('attest-provenance of what slsa-github-generator attested', () => {
  it.each(real)(
    'bad input 120: %s says where it was built from, a line for each claim, and no word of what that is worth',
    async (version, words) => {
      const repository = `real/${version.replaceAll('.', '-')}`;
      const { digest } = publishSaved(version, repository);
      const image = `${registry.host}/${repository}`;
      const { code, stdout } = await runCli([
        'attest-provenance',
        image,
        '--repository',
        source,
        '--workflow',
        workflow,
        ...words,
      ]);
      const builder = `https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/${version}`;
      expect(stdout.split('\n').slice(0, 6)).toEqual([
        `✅ OK: ${image}:latest@${digest} was built by ${builder} from ${source}`,
        '- ✅ SLSA Level 3 provenance',
        `- ✅ GitHub repo: ${source}`,
        `- ✅ GitHub actions workflow: ${workflow}`,
        `- ✅ Git ${words[0].slice(2)}: ${words[1]}`,
        `- ✅ Git commit: ${words[3]}`,
      ]);
      expect(stdout).not.toMatch(/\bsafe|secure|harmless/i);
      expect(code).toBe(0);
    },
  );

  it.each(real)('%s says so from its folder as an archive, too, with no registry at all', async (version, words) => {
    const { file, digest } = archiveSaved(version);
    const ask = (...more: string[]) =>
      runCli(['attest-provenance', '--archive', file, '--repository', source, '--json', ...more]);
    const [right, wrong] = [await ask('--workflow', workflow, ...words), await ask('--commit', '0'.repeat(40))];
    expect(JSON.parse(right.stdout)).toMatchObject({
      status: 'verified',
      image: { digest },
      attestations: [{ verdict: 'accepted', digest, claims: { slsaLevel: 3, repository: source, workflow } }],
    });
    expect(JSON.parse(wrong.stdout).error).toMatchObject({ code: 'PROVENANCE_REJECTED', details: { claim: 'commit' } });
  });

  it.each<[string, string[]]>([
    ['repository', ['--repository', `${source}-evil`]],
    ['repository', ['--repository', source.slice(0, -1)]],
    ['workflow', ['--repository', source, '--workflow', '.github/workflows/other.yml']],
    ['branch', ['--repository', source, '--branch', 'mai']],
    ['tag', ['--repository', source, '--tag', 'v1']],
    ['commit', ['--repository', source, '--commit', '0'.repeat(40)]],
    ['builder', ['--repository', source, '--builder', 'https://github.com/acme/builder']],
  ])('another %s is refused by its name: %j', async (claim, words) => {
    publishSaved('v1.7.0', 'real/wrong');
    const run = await runCli(['attest-provenance', `${registry.host}/real/wrong`, '--json', ...words]);
    const { error } = JSON.parse(run.stdout);
    expect({ code: run.code, error }).toMatchObject({
      code: 3,
      error: { code: 'PROVENANCE_REJECTED', details: { claim, expected: expect.stringContaining(words.at(-1) ?? '') } },
    });
    expect(error.message).toMatch(new RegExp(`${claim}: expected .*, found "`));
  });

  it('another digest is refused: what is attested of one image says nothing of another', async () => {
    const [attested, other] = [publishSaved('v1.7.0', 'real/digest'), publishSaved('v1.4.0', 'real/digest')];
    const tagOf = (digest: string) => `${digest.replace(':', '-')}.att`;
    registry.tag('real/digest', tagOf(other.digest), attested.attestations);
    const [right, wrong] = await Promise.all(
      [attested, other].map(({ digest }) =>
        runCli(['attest-provenance', `${registry.host}/real/digest@${digest}`, '--repository', source, '--json']),
      ),
    );
    expect(right?.code).toBe(0);
    expect(JSON.parse(wrong?.stdout ?? '').error).toMatchObject({
      code: 'PROVENANCE_REJECTED',
      details: { attestations: [{ verdict: 'invalid', reason: 'statement-other-digest' }] },
    });
  });
});

describe('attest-provenance', () => {
  const attester = createTestAttester();
  const build = buildTestImage({ created: '2026-01-02T03:04:05Z' });
  const cwd = temporaryFolder();
  writeFileSync(join(cwd, 'root.json'), attester.trustedRoot, { mode: 0o600 });

  function publish(repository: string, evil: Parameters<typeof githubJob>[0] = {}) {
    for (const { bytes } of build.blobs) registry.putBlob(repository, bytes);
    for (const { bytes, mediaType } of build.manifests) registry.putManifest(repository, bytes, mediaType);
    registry.putManifest(repository, build.index.bytes, build.index.mediaType, 'latest');
    const attestation = attester.attest({
      digest: build.digest,
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: githubPredicate(evil),
      signer: githubJob(evil),
    });
    publishAttestations(registry, repository, build.digest, [attestation]);
    return `${registry.host}/${repository}`;
  }

  it('believes another authority only where its trusted root is named', async () => {
    const image = publish('own/root');
    const words = ['attest-provenance', image, '--repository', 'acme/sandbox', '--json'];
    const [without, given] = [
      await runCli(words, { cwd }),
      await runCli([...words, '--trusted-root', 'root.json'], { cwd }),
    ];
    expect(without.code).toBe(3);
    expect(JSON.parse(given.stdout)).toMatchObject({
      verb: 'attest-provenance',
      status: 'verified',
      image: { name: image, tag: 'latest', digest: build.digest, index: build.digest },
      attestations: [{ verdict: 'accepted', claims: { slsaLevel: 2, repository: 'acme/sandbox', branch: 'main' } }],
    });
  });

  it('prints nothing that steers a terminal, whatever stands in a claim', async () => {
    const image = publish('own/hostile', { ref: 'refs/heads/x\u001b[2J\u202e' });
    const words = ['attest-provenance', image, '--repository', 'acme/sandbox', '--trusted-root', 'root.json'];
    for (const run of [await runCli(words, { cwd }), await runCli([...words, '--branch', 'main'], { cwd })]) {
      expect(`${run.stdout}${run.stderr}`).not.toMatch(steersTerminal);
      expect(run.stdout.split('\n').filter((line) => line.startsWith('✅'))).toHaveLength(run.code === 0 ? 1 : 0);
    }
  });

  it.each<[string, string[], string]>([
    ['an image of no profile without a repository', ['registry.example.org/x'], 'USAGE'],
    ['a branch and a tag', ['--branch', 'a', '--tag', 'b'], 'USAGE'],
    ['what is installed and an archive', ['--local', '--archive', 'x.tar'], 'USAGE'],
    ['an empty repository', ['--repository', ''], 'USAGE'],
    ['an empty builder', ['--builder='], 'USAGE'],
    [
      'a trusted root that is not there',
      ['--repository', 'a/b', '--archive', 'x.tar', '--trusted-root', 'no.json'],
      'USAGE',
    ],
    ['an archive that is not there', ['--repository', 'a/b', '--archive', 'no.tar'], 'USAGE'],
  ])('refuses %s, before any connection', async (_, words, code) => {
    const run = await runCli(['attest-provenance', '--json', ...words], { cwd });
    expect(JSON.parse(run.stdout).error.code).toBe(code);
  });
});
