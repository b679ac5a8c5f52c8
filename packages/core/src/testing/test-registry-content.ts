import { type Digest, digestOf, isDigest } from '../oci/digest.ts';

interface Repository {
  readonly blobs: Map<Digest, Uint8Array>;
  readonly manifests: Map<Digest, StoredManifest>;
  readonly tags: Map<string, Digest>;
}

export interface StoredManifest {
  readonly digest: Digest;
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

/** What a test registry holds, in memory; filled directly, without HTTP. */
export interface RegistryContent {
  putBlob(repository: string, bytes: Uint8Array): Digest;
  putManifest(repository: string, bytes: Uint8Array, mediaType: string, tag?: string): Digest;
  tag(repository: string, tag: string, digest: Digest): void;
  deleteTag(repository: string, tag: string): void;
  findBlob(repository: string, digest: string): Uint8Array | undefined;
  findManifest(repository: string, tagOrDigest: string): StoredManifest | undefined;
  /** The manifests that name a digest as their subject, in the order of their coming. */
  findReferrers(repository: string, digest: string): readonly StoredManifest[];
}

export function createRegistryContent(): RegistryContent {
  const repositories = new Map<string, Repository>();
  const open = (name: string): Repository => {
    const found = repositories.get(name) ?? { blobs: new Map(), manifests: new Map(), tags: new Map() };
    repositories.set(name, found);
    return found;
  };
  return {
    putBlob(repository, bytes) {
      const digest = digestOf(bytes);
      open(repository).blobs.set(digest, bytes);
      return digest;
    },
    putManifest(repository, bytes, mediaType, tag) {
      const digest = digestOf(bytes);
      open(repository).manifests.set(digest, { digest, bytes, mediaType });
      if (tag !== undefined) open(repository).tags.set(tag, digest);
      return digest;
    },
    tag(repository, tag, digest) {
      if (!open(repository).manifests.has(digest))
        throw new TypeError(`${repository} has no manifest ${digest} to tag`);
      open(repository).tags.set(tag, digest);
    },
    deleteTag(repository, tag) {
      open(repository).tags.delete(tag);
    },
    findBlob(repository, digest) {
      return isDigest(digest) ? repositories.get(repository)?.blobs.get(digest) : undefined;
    },
    findManifest(repository, tagOrDigest) {
      const found = repositories.get(repository);
      const digest = isDigest(tagOrDigest) ? tagOrDigest : found?.tags.get(tagOrDigest);
      return digest && found?.manifests.get(digest);
    },
    findReferrers(repository, digest) {
      const manifests = [...(repositories.get(repository)?.manifests.values() ?? [])];
      return manifests.filter(({ bytes }) => membersOf(bytes).subject?.digest === digest);
    },
  };
}

/** What a registry reads of a manifest; tests may put anything that is none. */
export function membersOf(bytes: Uint8Array): ManifestMembers {
  try {
    return (JSON.parse(Buffer.from(bytes).toString()) ?? {}) as ManifestMembers;
  } catch {
    return {};
  }
}

interface ManifestMembers {
  readonly subject?: { readonly digest?: string };
  readonly artifactType?: string;
  readonly config?: { readonly mediaType?: string };
  readonly annotations?: unknown;
}
