import { CodedError, codeOf } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { type Descriptor, mediaTypes } from '../oci/descriptor.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import { MAX_MANIFEST_BYTES, parseManifest } from '../oci/manifest.ts';
import { readWhole, requireContent } from './registry-answer.ts';
import type { HttpAnswer } from './send-request.ts';

export interface ReferrersPlace {
  /** Where this is, for messages. */
  readonly location: string;
  readonly digest: Digest;
  /** Asks for `/v2/<name>/referrers/<digest>` and this query, which begins with `?` or is empty. */
  readonly askPage: (query: string) => Promise<HttpAnswer>;
  /** The manifest under a tag; throws IMAGE_NOT_FOUND where there is no such tag. */
  readonly readTag: (tag: string) => Promise<Uint8Array>;
}

const MAX_PAGES = 20;

/**
 * "I do not know that question": 404 by the specification; older registries take the path for a bad name (400) or the
 * asked type for an unknown one (406). Where these come, cosign lists what it pushes under the tag, as after a 404.
 */
const UNKNOWN_QUESTION: ReadonlySet<number> = new Set([400, 404, 406]);

/**
 * What a registry lists as referrers of a digest (distribution-spec 1.1, "Listing Referrers"), and where it does not know
 * that question what publishers listed under the tag `sha256-<hex>` ("Referrers Tag Schema"). No filter is asked
 * for: bundles come with several types, and a registry may apply it or not. Every other answer is a look-up that failed.
 */
export async function listReferrers(place: ReferrersPlace): Promise<readonly Descriptor[]> {
  const where = `the list of referrers of ${place.digest} at ${place.location}`;
  const listed: Descriptor[] = [];
  const asked = new Set<string>();
  for (let query: string | undefined = ''; query !== undefined; ) {
    if (asked.has(query)) throw refused(where, 'leads back to a page that was read');
    if (asked.size === MAX_PAGES) throw new CodedError('LIMIT_EXCEEDED', `${where} has more than ${MAX_PAGES} pages`);
    asked.add(query);
    const answer = await place.askPage(query);
    if (UNKNOWN_QUESTION.has(answer.status) && query === '') {
      answer.discard();
      return readFallbackTag(place);
    }
    requireContent(answer, where);
    const next = nextQuery(answer, where);
    listed.push(...parseList(await readWhole(answer, MAX_MANIFEST_BYTES, where), where));
    query = next;
  }
  return listed;
}

async function readFallbackTag({ digest, location, readTag }: ReferrersPlace): Promise<readonly Descriptor[]> {
  const tag = `sha256-${hexOf(digest)}`;
  try {
    return parseList(await readTag(tag), `the list of referrers ${tag} at ${location}`);
  } catch (error) {
    if (codeOf(error) === 'IMAGE_NOT_FOUND') return [];
    throw error;
  }
}

function parseList(bytes: Uint8Array, where: string): readonly Descriptor[] {
  const index = parseManifest(bytes, where, mediaTypes.ociIndex);
  if (index.kind === 'index') return index.manifests;
  throw refused(where, 'is an image manifest: expected an index');
}

/**
 * The query of the next page (RFC 8288; distribution-spec, "Listing Referrers"). Only the query is taken, and only where
 * the rest is what was asked: a list leads to no other list and to no other host.
 */
function nextQuery({ headers: { link }, url: asked }: HttpAnswer, where: string): string | undefined {
  const links = [
    ...[link ?? '']
      .flat()
      .join(', ')
      .matchAll(/<([^<>]*)>([^<]*)/g),
  ];
  const [next, ...more] = links.filter(([, , parameters]) =>
    /;\s*rel\s*=\s*"?next"?\s*(?:[;,]|$)/i.test(parameters ?? ''),
  );
  if (!next) return undefined;
  const [, target = ''] = next;
  const url = URL.canParse(target, asked.href) ? new URL(target, asked.href) : undefined;
  const isSameList = url?.origin === asked.origin && pathOf(url) === pathOf(asked);
  if (url && isSameList && more.length === 0) return url.search;
  throw refused(where, `goes on at ${printable(target)}, which is no page of it`);
}

/** A registry may spell the digest's colon as it likes. */
function pathOf({ pathname }: URL): string {
  return pathname.replaceAll(/%3a/gi, ':');
}

function refused(where: string, what: string): CodedError {
  return new CodedError('MANIFEST_INVALID', `${where} ${what}`);
}
