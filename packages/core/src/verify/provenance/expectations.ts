import { CodedError } from '../../errors/coded-error.ts';
import { type BuilderExpectation, parseBuilderExpectation } from './builders.ts';
import { repositoryName } from './repository-name.ts';

/** As a person or a profile writes them. */
export interface GivenExpectations {
  readonly repository?: string | undefined;
  readonly workflow?: string | undefined;
  readonly branch?: string | undefined;
  readonly tag?: string | undefined;
  readonly commit?: string | undefined;
  readonly builder?: string | undefined;
}

/** What a build must have come from. Each is data, compared whole: none is a pattern, the builder's alone excepted. */
export interface ProvenanceExpectations {
  /** As repository-name.ts spells it. */
  readonly repository: string;
  readonly workflow?: string;
  readonly branch?: string;
  readonly tag?: string;
  readonly commit?: string;
  readonly builder?: BuilderExpectation;
  /** Whoever holds the key that signs the image could attest it too: then that would prove nothing more. */
  readonly byRunner?: true;
}

/** The border of a policy. An empty one would accept what anybody built: it is refused. */
export function parseExpectations(given: GivenExpectations): ProvenanceExpectations {
  for (const [name, value] of Object.entries(given)) {
    if (value === '') throw usage(`expected a ${name}, got an empty text`);
  }
  const { repository, workflow, branch, tag, commit, builder } = given;
  if (repository === undefined) throw usage('expected a repository that the image is built from, got none');
  if (branch !== undefined && tag !== undefined)
    throw usage('expected a branch or a tag, got both: a build starts from one of them');
  return {
    repository: repositoryName(repository),
    ...(workflow !== undefined && { workflow }),
    ...(branch !== undefined && { branch }),
    ...(tag !== undefined && { tag }),
    ...(commit !== undefined && { commit }),
    ...(builder !== undefined && { builder: parseBuilderExpectation(builder) }),
  };
}

function usage(message: string): CodedError {
  return new CodedError('USAGE', message, {
    suggestions: ['Say what you expect: --repository owner/repository, and as much more as you know.'],
  });
}
