import { lstat, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CodedError, type Digest, hexOf, parseJson, parseManifest } from '@dangerzone-image/core';

const REF_NAME = 'org.opencontainers.image.ref.name';

/** An entry of `index.json` as it stands there; members that we do not know are other tools' and stay. */
interface RawEntry {
  mediaType: string;
  digest: Digest;
  size: number;
  annotations?: Record<string, string>;
}

export interface LayoutEntry {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly size: number;
  readonly name?: string;
}

/** The files of an OCI image layout (OCI image-spec, image-layout.md). `index.json` changes by rename, as one. */
export class OciLayout {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  blobPath(digest: Digest): string {
    return join(this.path, 'blobs', 'sha256', hexOf(digest));
  }

  async entries(): Promise<LayoutEntry[]> {
    return (await this.#read()).map(({ mediaType, digest, size, annotations }) => {
      const name = annotations?.[REF_NAME];
      return { mediaType, digest, size, ...(name !== undefined && { name }) };
    });
  }

  /** The image's own digest and, of an index, those of its manifests that are here. */
  async digestsOf(digest: Digest): Promise<Digest[]> {
    const children = (await this.#links(digest)).filter(({ isManifest }) => isManifest);
    const here = await Promise.all(
      children.map(async (child) => ((await exists(this.blobPath(child.digest))) ? [child.digest] : [])),
    );
    return [digest, ...here.flat()];
  }

  /** The image that had the name stays, if need be without one, as in an engine: content goes by `removeNames` alone. */
  async setName(name: string, { mediaType, digest, size }: LayoutEntry): Promise<void> {
    const before = (await this.#read()).map((entry) =>
      entry.annotations?.[REF_NAME] === name ? withoutName(entry) : entry,
    );
    const entries = [...before, { mediaType, digest, size, annotations: { [REF_NAME]: name } }];
    const named = new Set(entries.filter(isNamed).map((entry) => entry.digest));
    await this.#write(entries.filter((entry) => isNamed(entry) || !named.has(entry.digest)));
  }

  /** Takes names off; blobs go that only this image reached. What nobody listed stays: it may be another tool's. */
  async removeNames(digest: Digest | string, names: readonly string[]): Promise<void> {
    const before = await this.#read();
    const gone = (entry: RawEntry) => entry.digest === digest && names.includes(entry.annotations?.[REF_NAME] ?? '');
    const after = before.filter((entry) => !gone(entry));
    const removed = before.filter(gone);
    if (removed.length === 0) return;
    await this.#write(after);
    const kept = await this.#reachable(after);
    const orphans = [...(await this.#reachable(removed))].filter((blob) => !kept.has(blob));
    await Promise.all(orphans.map((blob) => rm(this.blobPath(blob), { force: true })));
  }

  /** Every blob that this image reaches and that is here, root first. */
  async blobsOf(digest: Digest): Promise<Digest[]> {
    const blobs = [...(await this.#reachable([{ digest }]))];
    const here = await Promise.all(blobs.map((blob) => exists(this.blobPath(blob))));
    return blobs.filter((_, at) => here[at]);
  }

  async nearestFolder(path: string = this.path): Promise<string> {
    return (await exists(path)) ? path : this.nearestFolder(dirname(path));
  }

  async #reachable(entries: readonly { digest: Digest }[]): Promise<Set<Digest>> {
    const found = new Set<Digest>();
    const visit = async (digest: Digest): Promise<void> => {
      if (found.has(digest)) return;
      found.add(digest);
      for (const { digest: child, isManifest } of await this.#links(digest))
        isManifest ? await visit(child) : found.add(child);
    };
    for (const { digest } of entries) await visit(digest);
    return found;
  }

  async #links(digest: Digest): Promise<{ digest: Digest; isManifest: boolean }[]> {
    const bytes = await readFile(this.blobPath(digest)).catch(ignoreMissing);
    if (!bytes) return [];
    const document = parseManifest(bytes, this.blobPath(digest));
    if (document.kind === 'index')
      return document.manifests.map((child) => ({ digest: child.digest, isManifest: true }));
    return [document.config, ...document.layers].map((child) => ({ digest: child.digest, isManifest: false }));
  }

  async #read(): Promise<RawEntry[]> {
    const file = join(this.path, 'index.json');
    const bytes = await readFile(file).catch(ignoreMissing);
    if (!bytes) return [];
    const document = parseManifest(bytes, file);
    if (document.kind !== 'index')
      throw new CodedError('RUNTIME_FAILED', `${file} is not an image index`, {
        suggestions: ['Name the folder of an OCI image layout.'],
      });
    return (parseJson(bytes, { where: file, code: 'RUNTIME_FAILED' }) as { manifests: RawEntry[] }).manifests;
  }

  async #write(manifests: readonly RawEntry[]): Promise<void> {
    await mkdir(this.path, { recursive: true });
    await replaceFile(join(this.path, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
    const mediaType = 'application/vnd.oci.image.index.v1+json';
    await replaceFile(
      join(this.path, 'index.json'),
      JSON.stringify({ schemaVersion: 2, mediaType, manifests }, undefined, 2),
    );
  }
}

function isNamed({ annotations }: RawEntry): boolean {
  return annotations?.[REF_NAME] !== undefined;
}

function withoutName({ annotations: { [REF_NAME]: _, ...annotations } = {}, ...entry }: RawEntry): RawEntry {
  return { ...entry, annotations };
}

async function replaceFile(path: string, text: string): Promise<void> {
  await writeFile(`${path}.part`, text, { flush: true });
  await rename(`${path}.part`, path);
  if (process.platform === 'win32') return; // folders cannot be synced there
  const folder = await open(dirname(path), 'r');
  await folder.sync().finally(() => folder.close());
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error) => ignoreMissing(error) !== undefined,
  );
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
}
