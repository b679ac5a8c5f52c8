import * as v from 'valibot';
import { printable } from '../../errors/printable.ts';
import { commitName, type PredicateClaims, parsePredicate, text } from './predicate-claims.ts';
import { ProvenanceRefusal } from './provenance-refusal.ts';
import { parseGitSource } from './repository-name.ts';

export const SLSA_V02 = 'https://slsa.dev/provenance/v0.2';

const CONTAINER_GENERATOR = 'https://github.com/slsa-framework/slsa-github-generator/container@v1';

const digest = v.object({ sha1: commitName });

/** slsa.dev/spec/v0.2/provenance. Strict, so that fields of v1 cannot stand beside it and be read by somebody else. */
const predicateSchema = v.strictObject({
  builder: v.strictObject({ id: text }),
  buildType: text,
  invocation: v.strictObject({
    configSource: v.strictObject({ uri: text, digest, entryPoint: text }),
    parameters: v.optional(v.unknown()),
    // slsa-github-generator copies GitHub's context into it, the whole event included.
    environment: v.optional(
      v.object({
        github_ref: v.optional(text),
        github_sha1: v.optional(commitName),
        github_event_name: v.optional(text),
        github_event_payload: v.optional(
          v.object({ inputs: v.nullish(v.record(v.pipe(v.string(), v.maxLength(256)), v.unknown())) }),
        ),
      }),
    ),
  }),
  buildConfig: v.optional(v.unknown()),
  metadata: v.optional(v.unknown()),
  materials: v.optional(
    v.pipe(v.array(v.object({ uri: v.optional(text), digest: v.optional(v.unknown()) })), v.maxLength(1024)),
  ),
});

/** SLSA v0.2 as slsa-github-generator's container workflow writes it. Throws `ProvenanceRefusal`. */
export function readSlsaV02(predicate: unknown): PredicateClaims {
  const { builder, buildType, invocation, materials = [] } = parsePredicate(predicateSchema, predicate);
  const { configSource, environment = {} } = invocation;
  const source = parseGitSource(configSource.uri);
  if (!source) throw new ProvenanceRefusal('predicate', 'a source git+https://…@refs/…', configSource.uri);
  const commit = configSource.digest.sha1;
  requireSame('ref', source.ref, environment.github_ref);
  requireSame('commit', commit, environment.github_sha1);
  for (const material of materials) {
    if (material.uri === configSource.uri) requireSame('commit', commit, parsePredicate(digest, material.digest).sha1);
  }
  const trigger = environment.github_event_name;
  const inputs = Object.keys(environment.github_event_payload?.inputs ?? {});
  return {
    buildType,
    form: buildType === CONTAINER_GENERATOR ? 'container-generator' : 'other',
    builder: builder.id,
    ...source,
    commit,
    workflow: configSource.entryPoint,
    ...(trigger !== undefined && { trigger }),
    ...(inputs.length > 0 && { inputs }),
  };
}

function requireSame(claim: 'ref' | 'commit', said: string, again: string | undefined): void {
  if (again === undefined || again === said) return;
  throw new ProvenanceRefusal(claim, `${printable(said)} in all of the predicate`, again);
}
