import { randomBytes } from 'node:crypto';
import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { mediaTypes } from '../oci/descriptor.ts';
import { type Digest, digestOf, isDigest } from '../oci/digest.ts';
import { MAX_MANIFEST_BYTES } from '../oci/manifest.ts';
import { type ImageReference, parseReference } from '../oci/reference.ts';
import type { FetchOptions, ImageSource, SourceOptions, WantedContent } from '../source/image-source.ts';
import type { Environment } from './choose-proxy.ts';
import type { CosignPlace } from './cosign-manifest.ts';
import { startDeadline } from './deadline.ts';
import { findBundles } from './find-bundles.ts';
import { findCosignAttestations } from './find-cosign-attestations.ts';
import { findCosignSignatures } from './find-cosign-signatures.ts';
import { giveBack } from './give-back.ts';
import { createTransport } from './http-transport.ts';
import { listReferrers } from './list-referrers.ts';
import type { LogInOptions } from './log-in.ts';
import { invalid, readWhole, requireContent, tooLong } from './registry-answer.ts';
import { createRegistryRequests } from './registry-requests.ts';
import { resumeContent } from './resume-content.ts';
import { defaultRetryPolicy, type RetryPolicy } from './retry-policy.ts';
import { retryRequests } from './retry-requests.ts';
import type { HttpAnswer } from './send-request.ts';

export interface RegistryOptions {
  /** From `registryOrigin` or `parseMirror`. */
  readonly origin: URL;
  /** A mirror's path below `/v2/`. */
  readonly prefix?: string;
  /** Longest silence: while connecting, before the headers, within the body. */
  readonly timeoutMs?: number;
  /** A document or a look-up in all, with its redirects and tokens; a blob gets more by its size. */
  readonly deadlineMs?: number;
  /** PEM certificates to trust besides those that are trusted anyway. */
  readonly ca?: string;
  /** Where proxies are named. */
  readonly env?: Environment;
  /** Registries that share it share a circuit where the proxy is Tor; one of its own if left out. */
  readonly circuit?: string;
  readonly retry?: RetryPolicy;
  /** Stored log-ins; without, everything is anonymous. */
  readonly logIn?: LogInOptions;
}

const MANIFESTS = [mediaTypes.ociIndex, mediaTypes.ociManifest, mediaTypes.dockerIndex, mediaTypes.dockerManifest].join(
  ', ',
);
// Below this rate a download is given up, however steady it is.
const LEAST_BYTES_PER_MS = 4;

/** A registry, or a mirror of one, by the OCI distribution-spec: reading only, nothing it says is believed. */
export function openRegistry(options: RegistryOptions): ImageSource {
  const { origin, prefix = '', timeoutMs = 30_000, deadlineMs = 120_000, ca, env = process.env } = options;
  const { retry = defaultRetryPolicy, circuit = newCircuit(), logIn } = options;
  const transport = retryRequests(createTransport({ timeoutMs, ca, env, circuit }), retry);
  const ask = createRegistryRequests(origin, transport, logIn);
  const location = prefix ? `${origin.origin}/${prefix}` : origin.origin;
  const pathOf = (repository: string) =>
    prefix ? `${prefix}/${requireRepository(repository)}` : requireRepository(repository);

  const askTag = (method: 'GET' | 'HEAD', repository: string, tag: string, signal: AbortSignal) =>
    ask({ method, repository: pathOf(repository), path: `manifests/${tag}`, accept: MANIFESTS, isFresh: true }, signal);
  const readTag = async (repository: string, tag: string, signal: AbortSignal): Promise<Uint8Array> => {
    const where = describeTag(repository, tag, location);
    const answer = await askTag('GET', repository, tag, signal);
    requireContent(answer, where);
    return readWhole(answer, MAX_MANIFEST_BYTES, where);
  };

  async function* fetchFrom(wanted: WantedContent, from: number, options: FetchOptions = {}) {
    const { signal: caller, isTransient = false } = options;
    const { kind, repository, digest, size, limit } = wanted;
    if (!isDigest(digest)) throw new CodedError('MANIFEST_INVALID', `${printable(digest)} is no digest: not fetched`);
    const where = `${kind} ${digest} of ${repository} at ${location}`;
    const extraMs = kind === 'blob' ? (size ?? 0) / LEAST_BYTES_PER_MS : 0;
    const { signal, end } = startDeadline(deadlineMs + extraMs, where, caller);
    const accept = kind === 'manifest' ? MANIFESTS : 'application/octet-stream, */*';
    const request = { method: 'GET', repository: pathOf(repository), path: `${kind}s/${digest}`, accept } as const;
    const content = {
      where,
      from,
      // A manifest comes whole or not at all: one of another length is another one, and its digest says so.
      size: kind === 'blob' ? size : undefined,
      limit,
      overLimit: () => overLimit(kind, where, limit),
      ask: (headers: Readonly<Record<string, string>>) => ask({ ...request, headers, isFresh: false }, signal),
    };
    try {
      let before: Uint8Array | undefined;
      for await (const chunk of resumeContent(content, retry, signal)) {
        yield chunk;
        if (isTransient && before) giveBack(before);
        before = chunk;
      }
    } finally {
      end();
    }
  }

  const lookUp = async <Found>(
    what: string,
    { repository }: ImageReference,
    digest: Digest,
    { signal: caller }: SourceOptions = {},
    find: (place: CosignPlace) => Promise<Found>,
  ): Promise<Found> => {
    if (!isDigest(digest)) throw new CodedError('MANIFEST_INVALID', `${printable(digest)} is no digest: not looked up`);
    const { signal, end } = startDeadline(deadlineMs, `the look-up of ${what} of ${digest} at ${location}`, caller);
    try {
      return await find({
        source,
        readTag: (tag) => readTag(repository, tag, signal),
        repository,
        digest,
        signal,
      });
    } finally {
      end();
    }
  };

  const source: ImageSource = {
    location,

    async resolve(reference, { signal: caller } = {}) {
      if (reference.digest !== undefined) return reference.digest;
      const { repository, tag } = requireTag(reference);
      const where = describeTag(repository, tag, location);
      const { signal, end } = startDeadline(deadlineMs, where, caller);
      try {
        const claimed = claimedDigest(await askTag('HEAD', repository, tag, signal), where);
        // Only where the registry named no digest: a tag is read once.
        return claimed ?? digestOf(await readTag(repository, tag, signal));
      } finally {
        end();
      }
    },

    fetch: (wanted, { signal } = {}) => fetchFrom(wanted, 0, { ...(signal && { signal }) }),
    origins: [{ location, fetchFrom }],

    findSignatures: (image, digest, options) => lookUp('signatures', image, digest, options, findCosignSignatures),

    findAttestations: (image, digest, options) =>
      lookUp('attestations', image, digest, options, findCosignAttestations),

    findBundles: (image, digest, options) =>
      lookUp('bundles', image, digest, options, async (place) => {
        const { repository, signal, readTag } = place;
        const request = { method: 'GET', repository: pathOf(repository), accept: mediaTypes.ociIndex } as const;
        const askPage = (query: string) =>
          ask({ ...request, path: `referrers/${digest}${query}`, isFresh: true }, signal);
        return findBundles(await listReferrers({ location, digest, readTag, askPage }), place);
      }),
  };
  return source;
}

/** A name that says nothing: who runs the proxy sees it. */
export function newCircuit(): string {
  return randomBytes(12).toString('hex');
}

/** What HEAD says (distribution-spec, "Pulling manifests"); nothing where the registry cannot say. Only a claim. */
function claimedDigest(answer: HttpAnswer, where: string): Digest | undefined {
  if (answer.status === 405 || answer.status === 501) return void answer.discard();
  requireContent(answer, where);
  answer.discard();
  const claimed = answer.headers['docker-content-digest'];
  if (claimed === undefined || isDigest(claimed)) return claimed;
  throw invalid(where, `Docker-Content-Digest is ${printable(claimed)}, expected sha256:<64 hex>`, {});
}

/** A blob over its limit is malformed content; a manifest that does not end is no manifest of a registry. */
function overLimit(kind: WantedContent['kind'], where: string, limit: number): CodedError {
  if (kind === 'manifest') return tooLong(where, limit);
  return new CodedError('LIMIT_EXCEEDED', `${where} is longer than ${limit} bytes`);
}

function requireTag({ name, repository, tag = 'latest' }: ImageReference): { repository: string; tag: string } {
  parseReference(`${name}:${tag}`); // a reference made by hand has not passed the border yet
  return { repository, tag };
}

function requireRepository(repository: string): string {
  const { repository: read } = parseReference(`registry.invalid/${repository}`);
  if (read === repository) return repository;
  throw new CodedError('REFERENCE_INVALID', `${printable(repository)} is no repository name`);
}

function describeTag(repository: string, tag: string, location: string): string {
  return `${repository}:${tag} at ${location}`;
}
