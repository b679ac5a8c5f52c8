import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  GENERATOR,
  GITHUB_ISSUER,
  generatorPredicate,
  githubJob,
  githubPredicate,
  type TestBuild,
} from '../../testing/github-job.ts';
import { createTestAuthority, type TestJob } from '../../testing/test-authority.ts';
import type { AttestationSigner, VerifiedAttestation } from '../verified-attestation.ts';
import { type GivenExpectations, parseExpectations } from './expectations.ts';
import { judgeProvenance } from './judge-provenance.ts';
import { ProvenanceRefusal } from './provenance-refusal.ts';
import {
  hasSaved,
  savedProvenance,
  trueClaims,
  trueRepository,
  trueWorkflow,
} from './saved-provenance.test-support.ts';

const authority = createTestAuthority();
const SLSA_V02 = 'https://slsa.dev/provenance/v0.2';
const SLSA_V1 = 'https://slsa.dev/provenance/v1';
type Member = Record<string, unknown>;

function attested(predicateType: string, predicate: unknown, signer: TestJob | AttestationSigner): VerifiedAttestation {
  return {
    digest: `sha256:${'a'.repeat(64)}`,
    statementType: 'https://in-toto.io/Statement/v1',
    predicateType,
    predicate,
    signer: 'kind' in signer ? signer : { kind: 'certificate', certificate: authority.issue(signer).certificate },
  };
}

/** GitHub's own attestation of a usual build, changed where a test says so. */
const byGitHub = (
  build: TestBuild = {},
  { job = {}, predicate = {} }: { job?: TestBuild; predicate?: TestBuild } = {},
) => attested(SLSA_V1, githubPredicate({ ...build, ...predicate }), githubJob({ ...build, ...job }));
const byGenerator = (
  build: TestBuild = {},
  { job = {}, predicate = {} }: { job?: TestBuild; predicate?: TestBuild } = {},
) =>
  attested(
    SLSA_V02,
    generatorPredicate({ signer: GENERATOR, ...build, ...predicate }),
    githubJob({ signer: GENERATOR, ...build, ...job }),
  );

function refusalOf(attestation: VerifiedAttestation, given: GivenExpectations): string | undefined {
  try {
    judgeProvenance(attestation, parseExpectations(given));
    return undefined;
  } catch (error) {
    if (error instanceof ProvenanceRefusal) return error.claim;
    throw error;
  }
}

const sandbox = { repository: 'acme/sandbox' };

describe.skipIf(!hasSaved)('provenance by real slsa-github-generator', () => {
  const right = savedProvenance.map(
    ({ version, attestation }) =>
      [
        version,
        attestation,
        {
          repository: trueRepository,
          workflow: trueWorkflow,
          builder: `https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/${version}`,
          ...trueClaims[version as keyof typeof trueClaims],
        },
      ] as const,
  );

  it.each(right)('%s says where its image was built from', (_, attestation, expected) => {
    expect(judgeProvenance(attestation, parseExpectations(expected))).toMatchObject({ slsaLevel: 3, ...expected });
  });

  const wrong: readonly [string, GivenExpectations][] = [
    ['repository', { repository: 'slsa-framework/other-package' }],
    ['repository', { repository: 'slsa-framework/example-packag' }],
    ['repository', { repository: 'slsa-framework' }],
    ['repository', { repository: `${trueRepository}-evil` }],
    ['repository', { repository: `${trueRepository}.git` }],
    ['repository', { repository: `${trueRepository}/` }],
    ['repository', { repository: 'Slsa-Framework/example-package' }],
    ['repository', { repository: `git+https://github.com/${trueRepository}` }],
    ['repository', { repository: `http://github.com/${trueRepository}` }],
    ['repository', { repository: `https://gitlab.com/${trueRepository}` }],
    ['repository', { repository: '.*' }],
    ['workflow', { workflow: '.github/workflows/other.yml' }],
    ['workflow', { workflow: trueWorkflow.slice(0, -1) }],
    ['workflow', { workflow: trueWorkflow.replaceAll('.', 'x') }],
    ['branch', { branch: 'mai', tag: undefined }],
    ['branch', { branch: 'refs/heads/main', tag: undefined }],
    ['tag', { tag: 'v13.0.3', branch: undefined }],
    ['commit', { commit: '0'.repeat(40) }],
    ['commit', { commit: '904e2c3' }],
    ['builder', { builder: 'https://github.com/slsa-framework/slsa-github-generator' }],
    ['builder', { builder: '^.*generator_generic_slsa3.*$' }],
  ];

  it.each(right.flatMap(([version, ...rest]) => wrong.map((row) => [version, ...row, ...rest] as const)))(
    '%s is refused for another %s: %j',
    (_, claim, change, attestation, expected) => {
      expect(refusalOf(attestation, { ...expected, ...change })).toBe(claim);
    },
  );

  it('any change of one expected value is refused, by its name', () => {
    const names = ['repository', 'workflow', 'branch', 'tag', 'commit', 'builder'] as const;
    const text = fc.string({ minLength: 1, unit: 'grapheme' });
    fc.assert(
      fc.property(fc.constantFrom(...right), fc.constantFrom(...names), fc.nat(), text, (one, name, at, extra) => {
        const [, attestation, expected] = one;
        const value = (expected as GivenExpectations)[name];
        fc.pre(value !== undefined);
        const changed = value.slice(0, at % (value.length + 1)) + extra + value.slice((at * 7) % (value.length + 1));
        const [same, wanted] = [value, changed].map((each) => parseExpectations({ ...sandbox, [name]: each })[name]);
        fc.pre(name === 'builder' ? changed !== value && !changed.startsWith('^') : same !== wanted);
        expect(refusalOf(attestation, { ...expected, [name]: changed })).toBe(name);
      }),
    );
  });

  it.each([`github.com/${trueRepository}`, `https://github.com/${trueRepository}`])(
    'the repository may be written %s',
    (repository) => {
      for (const { attestation } of savedProvenance) expect(refusalOf(attestation, { repository })).toBeUndefined();
    },
  );
});

describe('provenance of a build on GitHub', () => {
  it('by a workflow of the repository itself is SLSA level 2', () => {
    const expected = parseExpectations({ ...sandbox, workflow: '.github/workflows/release.yml', branch: 'main' });
    expect(judgeProvenance(byGitHub(), expected)).toEqual({
      slsaLevel: 2,
      repository: 'acme/sandbox',
      workflow: '.github/workflows/release.yml',
      branch: 'main',
      commit: '62cb1f1e485829bafe8bbec8b9900c0cb7624fe7',
      builder: 'https://github.com/acme/sandbox/.github/workflows/release.yml@refs/heads/main',
      trigger: 'push',
      run: 'https://github.com/acme/sandbox/actions/runs/5201384557/attempts/1',
    });
  });

  it('by the generator is SLSA level 3, whoever calls it', () => {
    expect(judgeProvenance(byGenerator({ ref: 'refs/tags/v1' }), parseExpectations(sandbox))).toMatchObject({
      slsaLevel: 3,
      tag: 'v1',
      builder: GENERATOR,
    });
  });

  it('by another’s workflow counts only where that builder is named', () => {
    const signer = 'https://github.com/acme/builders/.github/workflows/image.yml@refs/tags/v1.0.0';
    const attestation = byGitHub({ signer });
    expect(refusalOf(attestation, sandbox)).toBe('builder');
    for (const builder of [signer, '^https://github\\.com/acme/builders/.*@refs/tags/v[0-9.]+$'])
      expect(refusalOf(attestation, { ...sandbox, builder })).toBeUndefined();
    expect(refusalOf(attestation, { ...sandbox, builder: '^https://github\\.com/acme|x$' })).toBe('builder');
  });

  it.each([
    'https://github.com/acme/sandbox-evil/.github/workflows/release.yml@refs/heads/main',
    'https://github.com/acme/sandbox/evil/.github/workflows/release.yml@refs/heads/main',
    'https://github.com/acme/sandbox/.github/workflows/../../evil.yml@refs/heads/main',
    'https://github.com/acme/sandbox/.github/workflows/release.yml',
    'https://github.com/acme/sandbox',
  ])('bad input 106: is not by a workflow of the repository where %s signed', (signer) => {
    expect(refusalOf(byGitHub({ signer }), sandbox)).toBe('builder');
  });

  it('in the words of one builder counts by that builder alone', () => {
    const own = githubJob();
    expect(refusalOf(attested(SLSA_V02, generatorPredicate({ signer: own.signer }), own), sandbox)).toBe('builder');
    expect(refusalOf(byGitHub({ signer: GENERATOR }), sandbox)).toBe('builder');
  });

  it('names as its builder what signed, or GitHub’s runner as attestations of before 2024 do', () => {
    const runner = 'https://github.com/actions/runner/github-hosted';
    expect(judgeProvenance(byGitHub({}, { predicate: { signer: runner } }), parseExpectations(sandbox))).toMatchObject({
      builder: 'https://github.com/acme/sandbox/.github/workflows/release.yml@refs/heads/main',
    });
    const own = 'https://github.com/actions/runner/self-hosted';
    expect(refusalOf(byGitHub({}, { predicate: { signer: own } }), sandbox)).toBe('builder');
    expect(refusalOf(byGenerator({}, { predicate: { signer: runner } }), sandbox)).toBe('builder');
  });

  it('tells which inputs were given by hand', () => {
    const predicate = generatorPredicate();
    const { environment } = predicate.invocation as { environment: Member };
    environment.github_event_payload = { inputs: { version: '1', 'skip-tests': 'true' } };
    const claims = judgeProvenance(
      attested(SLSA_V02, predicate, githubJob({ signer: GENERATOR })),
      parseExpectations(sandbox),
    );
    expect(claims.inputs).toEqual(['version', 'skip-tests']);
  });

  const generatorAt = (ref: string, file = 'generator_container_slsa3.yml') =>
    `https://github.com/slsa-framework/slsa-github-generator/.github/workflows/${file}@${ref}`;

  it.each([
    ['refs/tags/v2.1.0-evil'],
    ['refs/tags/v2.1.0\n'],
    ['refs/tags/v2.1.0.1'],
    ['refs/tags/v2x1y0'],
    ['refs/tags/v2.1'],
    ['refs/tags/v02.1.0'],
    ['refs/tags/2.1.0'],
    ['refs/heads/v2.1.0'],
    ['refs/heads/main'],
    ['refs/tags/v2.1.0', 'generator_generic_slsa3.yml'],
    ['refs/tags/v2.1.0', 'generator_container_slsa3xyml'],
  ])('bad input 106: the generator at %j is not the generator (%s)', (ref, file?: string) => {
    expect(refusalOf(byGenerator({ signer: generatorAt(ref, file) }), sandbox)).toBe('builder');
  });

  it.each([
    'https://github.com/evil/slsa-github-generator',
    'https://github.com.evil/slsa-framework/slsa-github-generator',
  ])('bad input 106: nor is %s', (repository) => {
    const signer = `${repository}/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.1.0`;
    expect(refusalOf(byGenerator({ signer }), sandbox)).toBe('builder');
  });

  it.each([
    'acme/sandbox-evil',
    'acme/sandbox.git',
    'Acme/sandbox',
    'acme/sandbo',
    'evil/acme/sandbox',
    'acme/sandbox/',
  ])('bad input 107: built from %s, expected acme/sandbox', (repository) => {
    expect(refusalOf(byGenerator({ repository }), sandbox)).toBe('repository');
    expect(refusalOf(byGitHub({ repository }), sandbox)).toBeDefined();
  });

  it.each([`${GITHUB_ISSUER}.evil`, 'https://accounts.google.com', GITHUB_ISSUER.toUpperCase()])(
    'bad input 109: the issuer is %s',
    (issuer) => {
      const job = githubJob();
      const claims = { ...job.claims, 1: issuer, 8: issuer };
      expect(refusalOf(attested(SLSA_V1, githubPredicate(), { ...job, claims }), sandbox)).toBe('issuer');
    },
  );

  /** Title, what is refused, and what the certificate says in place of the usual, by extension. */
  const jobs: readonly [string, string, Record<number, string | undefined>][] = [
    ['109: no issuer', 'issuer', { 1: undefined, 8: undefined }],
    ['109: two issuers, old one wrong', 'issuer', { 1: `${GITHUB_ISSUER}.evil` }],
    ['109: two issuers, new one wrong', 'issuer', { 8: `${GITHUB_ISSUER}.evil` }],
    ['110: a caller that only the predicate names', 'repository', { 5: undefined, 12: undefined }],
    ['110: another caller in the old extension', 'repository', { 5: 'evil/sandbox' }],
    ['110: another caller in the new extension', 'repository', { 12: 'https://github.com/evil/sandbox' }],
    ['110: a caller elsewhere', 'repository', { 12: 'https://github.com.evil/acme/sandbox' }],
    ['110: a ref that only the predicate names', 'ref', { 6: undefined, 14: undefined }],
    ['110: a commit that only the predicate names', 'commit', { 3: undefined, 13: undefined }],
    ['110: another commit in the new extension', 'commit', { 13: '0'.repeat(40) }],
    ['110: another ref in the old extension', 'ref', { 6: 'refs/heads/evil' }],
    ['110: a builder that is not who signed', 'builder', { 9: generatorAt('refs/tags/v2.1.0') }],
    [
      '110: a workflow of another repository',
      'workflow',
      { 18: 'https://github.com/evil/x/.github/workflows/release.yml@refs/heads/main' },
    ],
    [
      '110: a workflow at another ref',
      'workflow',
      { 18: 'https://github.com/acme/sandbox/.github/workflows/release.yml@refs/heads/evil' },
    ],
    [
      '110: another workflow than the predicate’s',
      'workflow',
      { 18: 'https://github.com/acme/sandbox/.github/workflows/evil.yml@refs/heads/main' },
    ],
    [
      '110: another run than the predicate’s',
      'predicate',
      { 21: 'https://github.com/acme/sandbox/actions/runs/1/attempts/1' },
    ],
    ['111: a runner of somebody’s own', 'runner', { 11: 'self-hosted' }],
    ['111: a runner that is not named', 'runner', { 11: undefined }],
    ['111: no trigger', 'trigger', { 2: undefined, 20: undefined }],
    ['111: another trigger than the predicate’s', 'trigger', { 2: 'schedule', 20: 'schedule' }],
  ];

  it.each(jobs)('bad input %s: refused for its %s', (_, claim, change) => {
    const job = githubJob();
    const claims = Object.fromEntries(
      Object.entries({ ...job.claims, ...change }).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    expect(refusalOf(attested(SLSA_V1, githubPredicate(), { ...job, claims }), sandbox)).toBe(claim);
  });

  it('bad input 111: no trigger anywhere is refused, and no predicate makes up for it', () => {
    const job = githubJob();
    const claims = Object.fromEntries(Object.entries(job.claims).filter(([arc]) => arc !== '2' && arc !== '20'));
    const predicate = githubPredicate() as { buildDefinition: Member };
    const buildDefinition = { ...predicate.buildDefinition, internalParameters: {} };
    const silent = attested(SLSA_V1, { ...predicate, buildDefinition }, { ...job, claims });
    expect(refusalOf(silent, sandbox)).toBe('trigger');
  });

  it('bad input 111: a predicate that names a runner of somebody’s own is refused, whatever the certificate says', () => {
    expect(refusalOf(byGitHub({}, { predicate: { runner: 'self-hosted' } }), sandbox)).toBe('runner');
  });

  it.each<[string, TestBuild, string]>([
    ['pull_request', { trigger: 'pull_request', ref: 'refs/pull/1/merge' }, 'trigger'],
    ['pull_request_target', { trigger: 'pull_request_target' }, 'trigger'],
    ['workflow_run', { trigger: 'workflow_run' }, 'trigger'],
    ['issue_comment', { trigger: 'issue_comment' }, 'trigger'],
    ['a ref of a pull request', { ref: 'refs/pull/1/merge' }, 'ref'],
    ['a fork', { repository: 'mallory/sandbox' }, 'repository'],
    ['a feature branch', { ref: 'refs/heads/feature' }, 'branch'],
    ['a branch below the right one', { ref: 'refs/heads/main/evil' }, 'branch'],
    ['a tag of the branch’s name', { ref: 'refs/tags/main' }, 'branch'],
  ])('bad input 111: built from %s', (_, build, claim) => {
    for (const attestation of [byGitHub(build), byGenerator(build)])
      expect(refusalOf(attestation, { ...sandbox, branch: 'main' })).toBe(claim);
  });

  it.each<[string, TestBuild, string]>([
    ['repository', { repository: 'evil/sandbox' }, 'repository'],
    ['ref', { ref: 'refs/heads/evil' }, 'ref'],
    ['commit', { commit: '0'.repeat(40) }, 'commit'],
    ['workflow', { workflow: '.github/workflows/evil.yml' }, 'workflow'],
    ['trigger', { trigger: 'schedule' }, 'trigger'],
    ['builder', { signer: generatorAt('refs/tags/v9.9.9') }, 'builder'],
  ])('bad input 110: a predicate with another %s than the certificate is refused', (_, predicate, claim) => {
    expect(refusalOf(byGenerator({}, { predicate }), sandbox)).toBe(claim);
    expect(refusalOf(byGitHub({ signer: githubJob().signer }, { predicate }), sandbox)).toBe(claim);
  });
});

describe('a predicate', () => {
  const v02 = generatorPredicate();
  const v1 = githubPredicate();
  const { invocation } = v02 as { invocation: Member & { environment: Member; configSource: Member } };
  const { buildDefinition } = v1 as { buildDefinition: Member };
  const [dependency] = buildDefinition.resolvedDependencies as Member[];
  const definition = (change: Member) => ({ ...v1, buildDefinition: { ...buildDefinition, ...change } });
  const source = (change: Member) => ({
    ...v02,
    invocation: { ...invocation, configSource: { ...invocation.configSource, ...change } },
  });

  it.each<[string, string, unknown, string]>([
    ['99: no predicate', SLSA_V1, undefined, 'predicate'],
    ['99: a text', SLSA_V1, 'provenance', 'predicate'],
    ['99: an empty one', SLSA_V02, {}, 'predicate'],
    ['105: v0.2 in a statement of v1', SLSA_V1, v02, 'predicate'],
    ['105: v1 in a statement of v0.2', SLSA_V02, v1, 'predicate'],
    ['105: both at once, as v1', SLSA_V1, { ...v02, ...v1 }, 'predicate'],
    ['105: both at once, as v0.2', SLSA_V02, { ...v1, ...v02 }, 'predicate'],
    ['an unknown build type', SLSA_V1, definition({ buildType: 'https://example.org/build' }), 'build type'],
    ['a build type of v0.2 in v1', SLSA_V1, definition({ buildType: v02.buildType }), 'build type'],
    [
      'an unknown parameter from outside',
      SLSA_V1,
      definition({ externalParameters: { ...(buildDefinition.externalParameters as Member), source: 'x' } }),
      'predicate',
    ],
    ['no source', SLSA_V1, definition({ resolvedDependencies: [] }), 'predicate'],
    [
      'two sources',
      SLSA_V1,
      definition({
        resolvedDependencies: [dependency, { ...dependency, uri: 'git+https://github.com/evil/x@refs/heads/main' }],
      }),
      'predicate',
    ],
    [
      'two commits of one source',
      SLSA_V1,
      definition({
        resolvedDependencies: [
          { ...dependency, digest: { gitCommit: '62cb1f1e485829bafe8bbec8b9900c0cb7624fe7', sha1: '0'.repeat(40) } },
        ],
      }),
      'commit',
    ],
    [
      'a workflow of another ref than its source',
      SLSA_V1,
      definition({
        externalParameters: {
          workflow: {
            ...(buildDefinition.externalParameters as { workflow: Member }).workflow,
            ref: 'refs/heads/evil',
          },
        },
      }),
      'ref',
    ],
    [
      'a source of another ref than its workflow',
      SLSA_V1,
      definition({
        resolvedDependencies: [{ ...dependency, uri: 'git+https://github.com/acme/sandbox@refs/heads/evil' }],
      }),
      'ref',
    ],
    ['a short commit', SLSA_V02, source({ digest: { sha1: '62cb1f1' } }), 'predicate'],
    [
      'a commit in capitals',
      SLSA_V02,
      source({ digest: { sha1: '62CB1F1E485829BAFE8BBEC8B9900C0CB7624FE7' } }),
      'predicate',
    ],
    ['a source by ssh', SLSA_V02, source({ uri: 'git+ssh://github.com/acme/sandbox@refs/heads/main' }), 'predicate'],
    [
      'a source with a user in it',
      SLSA_V02,
      source({ uri: 'git+https://github.com@evil.example/acme/sandbox@refs/heads/main' }),
      'predicate',
    ],
    ['a source without a ref', SLSA_V02, source({ uri: 'git+https://github.com/acme/sandbox' }), 'predicate'],
    [
      'a material at another commit',
      SLSA_V02,
      { ...v02, materials: [{ uri: invocation.configSource.uri, digest: { sha1: '0'.repeat(40) } }] },
      'commit',
    ],
    [
      'an environment of another ref',
      SLSA_V02,
      {
        ...v02,
        invocation: { ...invocation, environment: { ...invocation.environment, github_ref: 'refs/heads/evil' } },
      },
      'ref',
    ],
    ['two thousand materials', SLSA_V02, { ...v02, materials: Array(2000).fill({ uri: 'x' }) }, 'predicate'],
    ['a name of 4 kB', SLSA_V02, { ...v02, builder: { id: 'x'.repeat(4096) } }, 'predicate'],
    ['a key more in the builder', SLSA_V02, { ...v02, builder: { id: GENERATOR, version: {} } }, 'predicate'],
  ])('bad input %s is refused', (_, predicateType, predicate, claim) => {
    const signer = predicateType === SLSA_V02 ? githubJob({ signer: GENERATOR }) : githubJob();
    expect(refusalOf(attested(predicateType, predicate, signer), sandbox)).toBe(claim);
  });

  it('of another type is no provenance', () => {
    expect(refusalOf(attested('https://spdx.dev/Document', v1, githubJob()), sandbox)).toBe('predicate');
    expect(refusalOf(attested('toString', v1, githubJob()), sandbox)).toBe('predicate');
  });
});

describe('provenance that a key of the profile signed', () => {
  const key = { kind: 'key', key: 'f'.repeat(64) } as const;

  it('rests on its predicate alone, and has no SLSA level', () => {
    const claims = judgeProvenance(attested(SLSA_V02, generatorPredicate(), key), parseExpectations(sandbox));
    expect(claims).toMatchObject({ repository: 'acme/sandbox', branch: 'main', builder: GENERATOR });
    expect(claims.slsaLevel).toBeUndefined();
  });

  it('may be of any builder, and of any host', () => {
    const uri = 'git+https://git.example.test/acme/sandbox@refs/tags/v1.0.0';
    const predicate = {
      buildDefinition: {
        buildType: 'https://sandbox.example.test/ci/v1',
        externalParameters: { anything: true },
        resolvedDependencies: [{ uri, digest: { gitCommit: '0123456789abcdef0123456789abcdef01234567' } }],
      },
      runDetails: { builder: { id: 'https://ci.example.test/builder' } },
    };
    const attestation = attested(SLSA_V1, predicate, key);
    const repository = 'https://git.example.test/acme/sandbox';
    expect(judgeProvenance(attestation, parseExpectations({ repository, tag: 'v1.0.0' }))).toMatchObject({
      repository,
    });
    expect(refusalOf(attestation, sandbox)).toBe('repository');
    expect(refusalOf(attestation, { repository, workflow: 'any' })).toBe('workflow');
    expect(refusalOf(attestation, { repository, builder: GENERATOR })).toBe('builder');
    expect(refusalOf(attestation, { repository, builder: 'https://ci.example.test/builder' })).toBeUndefined();
    const { buildDefinition } = predicate;
    const nowhere = { ...predicate, buildDefinition: { ...buildDefinition, resolvedDependencies: [{ uri }] } };
    expect(refusalOf(attested(SLSA_V1, nowhere, key), { repository })).toBe('commit');
  });
});
