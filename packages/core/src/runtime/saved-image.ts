import { posix } from 'node:path';
import * as v from 'valibot';
import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import { type ImageManifest, parseManifest } from '../oci/manifest.ts';
import { parseJson } from '../oci/parse-json.ts';
import { parseShape } from '../oci/parse-shape.ts';
import { type ContentHashes, hashContent } from './hash-content.ts';
import { readTar, type TarMember } from './read-tar.ts';

export interface SavedPart extends ContentHashes {
  /** Its name is a digest, and not its own. */
  readonly isMisnamed: boolean;
}

/** What an export says that the image is made of. A part that it names and does not hold is undefined. */
export interface SavedParts {
  readonly config: SavedPart | undefined;
  /** Base first. */
  readonly layers: readonly (SavedPart | undefined)[];
}

const MAX_DOCUMENT_BYTES = 4 * 1024 * 1024;
/** Of documents kept until the end, where it turns out which of them count. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024;
/** Docker up to 24 writes a repeated layer as a link, Podman the names of its old format. */
const MAX_LINKS = 8;

const BLOB = /^blobs\/sha256\/([0-9a-f]{64})$/;
const name = v.pipe(v.string(), v.maxLength(256));
/** Docker's own list (image-spec of Docker v1.2, "Combined Image JSON + Filesystem Changeset Format"). */
const dockerManifestSchema = v.pipe(
  v.array(v.object({ Config: name, Layers: v.pipe(v.array(name), v.maxLength(1000)) })),
  v.length(1, 'expected one image'),
);

/**
 * An engine's export of one image, docker-archive or OCI layout, hashed as it comes by: which of its members are the
 * image is told by a document that comes last. Only hashes and small documents are kept.
 */
export class SavedImage {
  readonly #files = new Map<string, SavedPart>();
  readonly #links = new Map<string, string>();
  readonly #documents = new Map<string, Buffer>();
  #keptBytes = 0;

  async read(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    for await (const member of readTar(chunks)) {
      const { name } = member;
      if (member.kind === 'folder') continue;
      if (this.#files.has(name) || this.#links.has(name)) throw invalid(`it has ${printable(name)} twice`);
      if (member.kind === 'link') this.#links.set(name, posix.join(posix.dirname(name), member.linkName));
      else await this.#readFile(member);
    }
  }

  get isEmpty(): boolean {
    return this.#files.size === 0;
  }

  /** Whether these bytes, packed or not, were in what has been read so far. */
  holds(digest: Digest): boolean {
    return [...this.#files.values()].some((part) => fits(part, digest));
  }

  /** Of an OCI layout with several images, the one with this manifest. */
  parts(manifest: Digest): SavedParts {
    const document = this.#documents.get('manifest.json');
    if (!document) return this.#partsOf(this.#findManifest(manifest));
    const place = { where: 'manifest.json of the export', code: 'RUNTIME_FAILED' } as const;
    const [image] = parseShape(dockerManifestSchema, parseJson(document, place), place);
    if (!image) throw invalid('it lists no image');
    return { config: this.#follow(image.Config), layers: image.Layers.map((layer) => this.#follow(layer)) };
  }

  async #readFile({ name, size, content }: TarMember): Promise<void> {
    if (size > MAX_DOCUMENT_BYTES) {
      this.#files.set(name, toPart(name, await hashContent(content)));
      return;
    }
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const part = toPart(name, await hashContent(oneChunk(bytes)));
    this.#files.set(name, part);
    const isDocument = bytes[0] === 0x7b || bytes[0] === 0x5b; // { or [
    if (!isDocument || part.isMisnamed || this.#keptBytes + size > MAX_KEPT_BYTES) return;
    this.#keptBytes += size;
    this.#documents.set(name, bytes);
  }

  #follow(name: string): SavedPart | undefined {
    let at = posix.normalize(name);
    for (let links = 0; links < MAX_LINKS; links++) {
      const target = this.#links.get(at);
      if (target === undefined) return this.#files.get(at);
      at = target;
    }
    throw invalid(`${printable(name)} is a link that leads nowhere`);
  }

  #partsOf({ config, layers }: ImageManifest): SavedParts {
    const blob = ({ digest }: { digest: Digest }) => this.#files.get(blobName(digest));
    return { config: blob(config), layers: layers.map(blob) };
  }

  #findManifest(wanted: Digest): ImageManifest {
    const found = [...this.#manifestsBelow('index.json', 2)];
    const [only, ...others] = found;
    const image = found.find(({ digest }) => digest === wanted) ?? (others.length === 0 ? only : undefined);
    if (image) return image;
    throw invalid(`expected one image in it, found ${found.length}`);
  }

  /** Those that are there: an index names the manifests of other platforms too. */
  *#manifestsBelow(name: string, depth: number): Generator<ImageManifest> {
    const bytes = this.#documents.get(name);
    if (!bytes || depth < 0) return;
    const document = parseManifest(bytes, `${name} of the export`);
    if (document.kind === 'manifest') yield document;
    else for (const { digest } of document.manifests) yield* this.#manifestsBelow(blobName(digest), depth - 1);
  }
}

/** Whether the bytes are these, as they are or unpacked. */
export function fits(part: SavedPart, digest: Digest): boolean {
  return !part.isMisnamed && (part.digest === digest || part.unpacked === digest);
}

/** A blob is named by its own digest: changed bytes may unpack to the same, and are changed all the same. */
function toPart(name: string, hashes: ContentHashes): SavedPart {
  const [, hex] = BLOB.exec(name) ?? [];
  return { ...hashes, isMisnamed: hex !== undefined && hex !== hexOf(hashes.digest) };
}

function blobName(digest: Digest): string {
  return `blobs/sha256/${hexOf(digest)}`;
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}

function invalid(why: string): CodedError {
  return new CodedError('RUNTIME_FAILED', `the export is not an image that can be read: ${why}`, {
    suggestions: ['Look at the engine itself: an export of it holds something that none should.'],
  });
}
