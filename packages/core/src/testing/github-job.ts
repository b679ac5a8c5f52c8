import type { TestJob } from './test-authority.ts';

export interface TestBuild {
  /** `owner/repo`. */
  readonly repository?: string;
  readonly ref?: string;
  readonly commit?: string;
  readonly trigger?: string;
  /** Path of the workflow file that the run began with. */
  readonly workflow?: string;
  readonly runner?: string;
  /** URI of the workflow file whose job signs; that of the run where left out. */
  readonly signer?: string;
}

export const GITHUB_ISSUER = 'https://token.actions.githubusercontent.com';
export const GENERATOR =
  'https://github.com/slsa-framework/slsa-github-generator/.github/workflows/generator_container_slsa3.yml@refs/tags/v2.1.0';

/** All of a build, the rest as it is in a usual one. */
export function testBuild(build: TestBuild = {}): Required<TestBuild> {
  const all = {
    repository: 'acme/sandbox',
    ref: 'refs/heads/main',
    commit: '62cb1f1e485829bafe8bbec8b9900c0cb7624fe7',
    trigger: 'push',
    workflow: '.github/workflows/release.yml',
    runner: 'github-hosted',
    ...build,
  };
  return { signer: `https://github.com/${all.repository}/${all.workflow}@${all.ref}`, ...all };
}

/** The certificate that Fulcio gives to a job on GitHub's runners (sigstore/fulcio, docs/oid-info.md). */
export function githubJob(build: TestBuild = {}): TestJob {
  const { repository, ref, commit, trigger, workflow, runner, signer } = testBuild(build);
  const url = `https://github.com/${repository}`;
  return {
    signer,
    claims: {
      1: GITHUB_ISSUER,
      2: trigger,
      3: commit,
      4: 'Release',
      5: repository,
      6: ref,
      8: GITHUB_ISSUER,
      9: signer,
      10: commit,
      11: runner,
      12: url,
      13: commit,
      14: ref,
      18: `${url}/${workflow}@${ref}`,
      19: commit,
      20: trigger,
      21: `${url}/actions/runs/5201384557/attempts/1`,
    },
  };
}

/** The predicate of GitHub's artifact attestations (actions/toolkit, packages/attest). */
export function githubPredicate(build: TestBuild = {}): Record<string, unknown> {
  const { repository, ref, commit, trigger, workflow, runner, signer } = testBuild(build);
  const url = `https://github.com/${repository}`;
  return {
    buildDefinition: {
      buildType: 'https://actions.github.io/buildtypes/workflow/v1',
      externalParameters: { workflow: { ref, repository: url, path: workflow } },
      internalParameters: {
        github: { event_name: trigger, repository_id: '1', repository_owner_id: '2', runner_environment: runner },
      },
      resolvedDependencies: [{ uri: `git+${url}@${ref}`, digest: { gitCommit: commit } }],
    },
    runDetails: {
      builder: { id: signer },
      metadata: { invocationId: `${url}/actions/runs/5201384557/attempts/1` },
    },
  };
}

/** The predicate of slsa-github-generator's container workflow. */
export function generatorPredicate(build: TestBuild = {}): Record<string, unknown> {
  const { repository, ref, commit, trigger, workflow, signer } = testBuild({ signer: GENERATOR, ...build });
  const uri = `git+https://github.com/${repository}@${ref}`;
  return {
    builder: { id: signer },
    buildType: 'https://github.com/slsa-framework/slsa-github-generator/container@v1',
    invocation: {
      configSource: { uri, digest: { sha1: commit }, entryPoint: workflow },
      parameters: {},
      environment: {
        github_actor: 'alice',
        github_event_name: trigger,
        github_event_payload: { inputs: null, ref },
        github_ref: ref,
        github_sha1: commit,
      },
    },
    metadata: { completeness: { parameters: true, environment: false, materials: false }, reproducible: false },
    materials: [{ uri, digest: { sha1: commit } }],
  };
}
