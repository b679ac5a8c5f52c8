import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { type Digest, isDigest } from './digest.ts';

/** An image reference: OCI distribution-spec grammar for names, with Docker's rules for a missing registry. */
export interface ImageReference {
  /** `host[:port]`, lower case. */
  readonly registry: string;
  /** Path below the registry, without tag or digest. */
  readonly repository: string;
  /** `registry/repository`: what a signature names. */
  readonly name: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

const MAX_NAME = 255;
const MAX_REFERENCE = MAX_NAME + 129 + 72;
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const HOST =
  /^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*|\[[0-9a-f:.]{2,45}\])(?::[1-9][0-9]{0,4})?$/;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const DOCKER_HUB = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/** Reads a reference from a person or a file; the only way into a URL, a path or an engine's argument. */
export function parseReference(text: string): ImageReference {
  if (text.length > MAX_REFERENCE) throw refused(text, `is longer than ${MAX_REFERENCE} characters`);
  const [beforeDigest = '', digest, ...more] = text.split('@');
  if (more.length > 0) throw refused(text, 'has more than one @');
  if (digest !== undefined && !isDigest(digest))
    throw refused(text, `has the digest ${printable(digest)}, which is not sha256:<64 hex>`);

  const { name, tag } = splitTag(beforeDigest);
  if (tag !== undefined && !TAG.test(tag)) throw refused(text, `has the tag ${printable(tag)}, which is not allowed`);
  const { registry, repository } = splitRegistry(name);
  if (!HOST.test(registry)) throw refused(text, `has the registry ${printable(registry)}, which is no host name`);
  if (repository === '' || !repository.split('/').every((component) => COMPONENT.test(component))) {
    throw refused(
      text,
      `has the repository ${printable(repository)}, which is not lower-case words joined by . _ - and /`,
    );
  }
  const full = `${registry}/${repository}`;
  if (full.length > MAX_NAME) throw refused(text, `has a name longer than ${MAX_NAME} characters`);
  return {
    registry,
    repository,
    name: full,
    ...(tag !== undefined && { tag }),
    ...(digest !== undefined && { digest }),
  };
}

/** The reference as an engine or a person reads it. */
export function formatReference({ name, tag, digest }: Pick<ImageReference, 'name' | 'tag' | 'digest'>): string {
  return `${name}${tag ? `:${tag}` : ''}${digest ? `@${digest}` : ''}`;
}

function splitTag(text: string): { name: string; tag?: string } {
  const colon = text.indexOf(':', text.lastIndexOf('/') + 1);
  // "localhost:5000" alone: a host with a port has no path, so it is a name with a tag, as Docker reads it.
  return colon === -1 ? { name: text } : { name: text.slice(0, colon), tag: text.slice(colon + 1) };
}

/** The first part is a registry when it looks like a host: it has a dot or a port, or is localhost. */
function splitRegistry(name: string): { registry: string; repository: string } {
  const slash = name.indexOf('/');
  const first = name.slice(0, slash);
  const isHost = slash > 0 && (/[.:]/.test(first) || first === 'localhost');
  const registry = isHost ? first : 'docker.io';
  const rest = isHost ? name.slice(slash + 1) : name;
  if (!DOCKER_HUB.has(registry)) return { registry, repository: rest };
  return { registry: 'docker.io', repository: rest === '' || rest.includes('/') ? rest : `library/${rest}` };
}

function refused(text: string, why: string): CodedError {
  return new CodedError('REFERENCE_INVALID', `image reference ${printable(text)} ${why}`, {
    suggestions: ['Write it as registry.example.org/team/image, with :tag or @sha256:… if needed.'],
  });
}
