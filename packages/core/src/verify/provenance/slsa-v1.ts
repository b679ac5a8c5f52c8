import * as v from 'valibot';
import { printable } from '../../errors/printable.ts';
import { commitName, type PredicateClaims, parsePredicate, text } from './predicate-claims.ts';
import { ProvenanceRefusal } from './provenance-refusal.ts';
import { parseGitSource, repositoryOfUrl } from './repository-name.ts';

export const SLSA_V1 = 'https://slsa.dev/provenance/v1';

/** GitHub's artifact attestations, and the community's specification that they follow (slsa-framework/github-actions-buildtypes). */
const GITHUB_BUILD_TYPES: readonly string[] = [
  'https://actions.github.io/buildtypes/workflow/v1',
  'https://slsa-framework.github.io/github-actions-buildtypes/workflow/v1',
];

const dependency = v.object({
  uri: v.optional(text),
  digest: v.optional(v.object({ gitCommit: v.optional(commitName), sha1: v.optional(commitName) })),
});

/** slsa.dev/spec/v1.0/provenance. Strict, so that fields of v0.2 cannot stand beside it and be read by somebody else. */
const predicateSchema = v.strictObject({
  buildDefinition: v.strictObject({
    buildType: text,
    externalParameters: v.unknown(),
    internalParameters: v.optional(v.unknown()),
    resolvedDependencies: v.pipe(v.array(dependency), v.maxLength(1024)),
  }),
  runDetails: v.strictObject({
    builder: v.object({ id: text }),
    metadata: v.optional(v.object({ invocationId: v.optional(text) })),
    byproducts: v.optional(v.unknown()),
  }),
});

/** What starts a build from outside is known to its last member, else nobody would see what steers it. */
const externalSchema = v.strictObject({
  workflow: v.strictObject({ ref: text, repository: text, path: text }),
  inputs: v.nullish(v.record(v.pipe(v.string(), v.maxLength(256)), v.unknown())),
  vars: v.nullish(v.record(v.pipe(v.string(), v.maxLength(256)), v.unknown())),
});
const internalSchema = v.optional(
  v.object({
    github: v.optional(v.object({ event_name: v.optional(text), runner_environment: v.optional(text) })),
  }),
);

/** SLSA v1. Only GitHub's build types tell workflow, event and runner; of others the one git source is read. Throws `ProvenanceRefusal`. */
export function readSlsaV1(predicate: unknown): PredicateClaims {
  const { buildDefinition, runDetails } = parsePredicate(predicateSchema, predicate);
  const { buildType, externalParameters, internalParameters, resolvedDependencies } = buildDefinition;
  const build = { buildType, builder: runDetails.builder.id, ...readSource(resolvedDependencies) };
  if (!GITHUB_BUILD_TYPES.includes(buildType)) return { ...build, form: 'other' };
  const { workflow, inputs, vars } = parsePredicate(externalSchema, externalParameters);
  const { event_name: trigger, runner_environment: runner } =
    parsePredicate(internalSchema, internalParameters)?.github ?? {};
  const repository = repositoryOfUrl(workflow.repository) ?? workflow.repository;
  requireSame('repository', repository, build.repository);
  requireSame('ref', workflow.ref, build.ref);
  const given = Object.keys({ ...inputs, ...vars });
  const run = runDetails.metadata?.invocationId;
  return {
    ...build,
    form: 'github-workflow',
    workflow: workflow.path,
    ...(trigger !== undefined && { trigger }),
    ...(runner !== undefined && { runner }),
    ...(run !== undefined && { run }),
    ...(given.length > 0 && { inputs: given }),
  };
}

/** The repository that was built: with a second one, which of them was the source would be up to the reader. */
function readSource(
  dependencies: readonly v.InferOutput<typeof dependency>[],
): Pick<PredicateClaims, 'repository' | 'ref' | 'commit'> {
  const sources = dependencies.filter(({ uri }) => uri?.startsWith('git+'));
  const [first] = sources;
  const source = first?.uri === undefined ? undefined : parseGitSource(first.uri);
  if (!source || sources.length !== 1)
    throw new ProvenanceRefusal(
      'predicate',
      'one source git+https://…@refs/…',
      first?.uri ?? `${sources.length} of them`,
    );
  const { gitCommit, sha1 } = first?.digest ?? {};
  const commit = gitCommit ?? sha1;
  if (commit === undefined) throw new ProvenanceRefusal('commit', 'a commit of the source', undefined);
  requireSame('commit', commit, sha1 ?? commit);
  return { ...source, commit };
}

function requireSame(claim: 'repository' | 'ref' | 'commit', said: string, again: string): void {
  if (again !== said) throw new ProvenanceRefusal(claim, `${printable(said)} in all of the predicate`, again);
}
