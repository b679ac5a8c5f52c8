/**
 * One spelling for a repository: `owner/repo` on github.com, else its whole https URL. The three ways of writing one on
 * GitHub become the same text, and nothing else does: no case is folded, no `.git` or slash is dropped.
 */
export function repositoryName(text: string): string {
  return text.replace(/^(?:https:\/\/)?github\.com\/([^/:]+\/[^/:]+)$/, '$1');
}

/** A repository as a URL, the way certificates and predicates write it; undefined where it is none. */
export function repositoryOfUrl(url: string): string | undefined {
  return /^https:\/\/[^/@?#\s]+\/[^@?#\s]+$/.test(url) ? repositoryName(url) : undefined;
}

/** Source as SLSA names it: `git+https://host/path@refs/…` (SPDX download location). */
export function parseGitSource(uri: string): { readonly repository: string; readonly ref: string } | undefined {
  const [, url = '', ref = ''] = /^git\+(https:\/\/[^@\s]+)@(refs\/\S+)$/.exec(uri) ?? [];
  const repository = repositoryOfUrl(url);
  return repository === undefined ? undefined : { repository, ref };
}

/** A workflow file on GitHub at a ref: what job tokens name, and so signing certificates: `https://github.com/o/r/PATH@REF`. */
export interface WorkflowUri {
  /** `owner/repo`. */
  readonly repository: string;
  readonly path: string;
  readonly ref: string;
}

const WORKFLOW_URI =
  /^https:\/\/github\.com\/([A-Za-z0-9-]+\/[A-Za-z0-9._-]+)\/(\.github\/workflows\/[^/@\s]+\.ya?ml)@(refs\/\S+)$/;

export function parseWorkflowUri(uri: string): WorkflowUri | undefined {
  const [, repository, path, ref] = WORKFLOW_URI.exec(uri) ?? [];
  return repository === undefined || path === undefined || ref === undefined ? undefined : { repository, path, ref };
}
