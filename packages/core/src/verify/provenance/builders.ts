import { CodedError } from '../../errors/coded-error.ts';
import { printable } from '../../errors/printable.ts';
import type { PredicateClaims } from './predicate-claims.ts';
import { parseWorkflowUri } from './repository-name.ts';

/** Who may have built: everything where it is not said. */
export interface BuilderExpectation {
  /** As the user wrote it. */
  readonly text: string;
  matches(builder: string): boolean;
}

const MAX_PATTERN = 1024;

/**
 * slsa-github-generator's container workflow at a release tag, and nothing near it: the tag is anchored and its dots are
 * dots. It runs apart from the workflow that calls it, on GitHub's own runners: SLSA build level 3.
 */
const GENERATOR =
  /^https:\/\/github\.com\/slsa-framework\/slsa-github-generator\/\.github\/workflows\/generator_container_slsa3\.yml@refs\/tags\/v(?:0|[1-9][0-9]{0,5})\.(?:0|[1-9][0-9]{0,5})\.(?:0|[1-9][0-9]{0,5})$/;

export function isGenerator(builder: string): boolean {
  return GENERATOR.test(builder);
}

/** GitHub's artifact attestation by a workflow of the repository that it builds. */
export function isOwnWorkflow(builder: string, repository: string): boolean {
  return parseWorkflowUri(builder)?.repository === repository;
}

/**
 * SLSA build level, as far as the builder is known: 3 where the builder is isolated from what it builds, 2 where GitHub's
 * runner vouches for a workflow that the repository itself may change. Nothing is said of builders that nobody rated.
 */
export function slsaLevelOf({ builder, form }: Pick<PredicateClaims, 'builder' | 'form'>): 2 | 3 | undefined {
  if (form === 'container-generator' && isGenerator(builder)) return 3;
  return form === 'github-workflow' ? 2 : undefined;
}

/**
 * `--builder`: exactly this builder, or, written `^…$`, a regular expression for all of it. What has no anchors is no
 * expression: a dot in it is a dot.
 */
export function parseBuilderExpectation(text: string): BuilderExpectation {
  const [, pattern] = /^\^(.*)\$$/s.exec(text) ?? [];
  if (pattern === undefined) return { text, matches: (builder) => builder === text };
  try {
    if (text.length > MAX_PATTERN) throw new RangeError(`longer than ${MAX_PATTERN} characters`);
    // Grouped, else `^a|b$` would be anchored at one end of each half.
    const expression = new RegExp(`^(?:${pattern})$`, 'u');
    return { text, matches: (builder) => expression.test(builder) };
  } catch (cause) {
    throw new CodedError('USAGE', `expected a builder or ^a pattern of one$, got ${printable(text)}`, {
      suggestions: ['Escape what is meant as it stands: ^https://github\\.com/acme/builder/.*$'],
      cause,
    });
  }
}
