import { CodedError, type Digest, isDigest, type LocalImage, type Platform, printable } from '@dangerzone-image/core';
import * as v from 'valibot';

const text = v.pipe(v.string(), v.maxLength(4096));
const list = v.optional(v.nullable(v.array(text)));

/** `GET /version` (Docker 20.10 to 29). */
const versionSchema = v.object({
  Version: text,
  Os: text,
  Arch: text,
  Components: v.optional(v.nullable(v.array(v.object({ Name: text })))),
});

/** `GET /info`. */
const infoSchema = v.object({
  Driver: text,
  DriverStatus: v.optional(v.nullable(v.array(v.array(text)))),
  DockerRootDir: text,
  OperatingSystem: v.optional(text),
  SecurityOptions: list,
});

/** `GET /images/json?manifests=1`; engines before 27, and classic stores, leave `Manifests` out. */
const imagesSchema = v.array(
  v.object({
    Id: text,
    RepoTags: list,
    RepoDigests: list,
    Manifests: v.optional(
      v.nullable(
        v.array(
          v.object({
            ID: text,
            Kind: text,
            Available: v.boolean(),
            ImageData: v.optional(
              v.nullable(v.object({ Platform: v.object({ os: v.optional(text), architecture: v.optional(text) }) })),
            ),
          }),
        ),
      ),
    ),
  }),
);

export type DockerVersion = v.InferOutput<typeof versionSchema>;
export type DockerInfo = v.InferOutput<typeof infoSchema>;
export type DockerImages = v.InferOutput<typeof imagesSchema>;

export const parseVersion = (answer: unknown): DockerVersion => parse(versionSchema, answer, 'version');
export const parseInfo = (answer: unknown): DockerInfo => parse(infoSchema, answer, 'info');
export const parseImages = (answer: unknown): DockerImages => parse(imagesSchema, answer, 'images/json');

function parse<S extends v.GenericSchema>(schema: S, answer: unknown, where: string): v.InferOutput<S> {
  const result = v.safeParse(schema, answer);
  if (result.success) return result.output;
  const place = v.getDotPath(result.issues[0]);
  throw new CodedError('RUNTIME_FAILED', `Docker answers /${where} in a form that is not known: ${printable(place)}`, {
    suggestions: ['Docker 20.10 to 29 are known to work: see `docker version`.'],
  });
}

/** Images live in containerd's store, or in one of Docker's own graph drivers. */
export function isContainerdStore({ DriverStatus }: DockerInfo): boolean {
  return (DriverStatus ?? []).some(([key, value]) => key === 'driver-type' && value === 'io.containerd.snapshotter.v1');
}

/** The images that have a name or digest in this repository. */
export function imagesOf(repository: string, rows: DockerImages, platform: Platform): LocalImage[] {
  return rows.flatMap((row) => {
    const names = namesOf(row).filter((name) => name.startsWith(`${repository}:`));
    const digests = digestsOf(row, repository);
    const [name] = names;
    if (name === undefined && digests.length === 0) return [];
    if (isWhole(row, platform)) return [{ id: row.Id, digests, names }];
    // Its index or manifest is there, and some of its content is not: whatever its digest says, it is not that image.
    return name === undefined ? [] : [{ id: name, digests: [], names }];
  });
}

/** Full names with their tag. Docker leaves out `docker.io/library/`; containerd's store lists names by digest here too. */
export function namesOf({ RepoTags }: DockerImages[number]): string[] {
  return (RepoTags ?? []).filter((name) => !name.startsWith('<none>') && !name.includes('@')).map(fullName);
}

export function digestsOf({ RepoDigests }: DockerImages[number], repository: string): Digest[] {
  return (RepoDigests ?? [])
    .map(fullName)
    .filter((name) => name.startsWith(`${repository}@`))
    .map((name) => name.slice(repository.length + 1))
    .filter(isDigest);
}

/** Containerd's store lists an image as soon as its index is there; only `Available` says that its layers are too. */
export function isWhole({ Manifests }: DockerImages[number], { os, architecture }: Platform): boolean {
  const images = (Manifests ?? []).filter(({ Kind }) => Kind === 'image');
  if (images.length === 0) return true;
  return images.some(
    ({ Available, ImageData }) =>
      Available && ImageData?.Platform.os === os && ImageData.Platform.architecture === architecture,
  );
}

function fullName(familiar: string): string {
  const [first = '', ...rest] = familiar.split('/');
  if (rest.length === 0) return `docker.io/library/${familiar}`;
  return /[.:]/.test(first) || first === 'localhost' ? familiar : `docker.io/${familiar}`;
}
