import * as v from 'valibot';
import { codeOf } from '../../errors/coded-error.ts';
import { parseShape } from '../../oci/parse-shape.ts';
import { ProvenanceRefusal } from './provenance-refusal.ts';

/** What a SLSA provenance predicate says of a build. Whoever signed it vouches for that, and nobody else. */
export interface PredicateClaims {
  /** URI: how the rest is to be read. */
  readonly buildType: string;
  /** Whose build type, in the version of SLSA that it is defined for. */
  readonly form: 'github-workflow' | 'container-generator' | 'other';
  /** URI. */
  readonly builder: string;
  /** As repository-name.ts spells it. */
  readonly repository: string;
  readonly ref: string;
  /** Hex. */
  readonly commit: string;
  /** Path of the workflow file in the repository. */
  readonly workflow?: string;
  readonly trigger?: string;
  readonly runner?: string;
  /** URL of the run. */
  readonly run?: string;
  /** Names of what was given to the run by hand: no expectation covers it. */
  readonly inputs?: readonly string[];
}

export const text = v.pipe(v.string(), v.minLength(1, 'expected text, got an empty string'), v.maxLength(2048));

/** Git's object name: SHA-1, or SHA-256 in a repository that was made with it. */
export const commitName = v.pipe(
  v.string(),
  v.regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/, 'expected a commit, 40 or 64 hex digits'),
);

/** A signed value of no known shape held against a schema. */
export function parsePredicate<const S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> {
  try {
    return parseShape(schema, value, { where: 'predicate', code: 'PROVENANCE_REJECTED' });
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    throw new ProvenanceRefusal('predicate', 'SLSA provenance', (error as Error).message, error);
  }
}
