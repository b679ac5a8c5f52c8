import { CodedError, isDigest, type LocalImage, printable } from '@dangerzone-image/core';
import * as v from 'valibot';

const text = v.pipe(v.string(), v.maxLength(4096));
const list = v.optional(v.nullable(v.array(text)));

/** `podman info --format json`, as far as it is needed (4.3 to 6 agree). */
const infoSchema = v.object({
  host: v.object({
    arch: text,
    os: text,
    variant: v.optional(text),
    serviceIsRemote: v.optional(v.boolean()),
    remoteSocket: v.optional(v.nullable(v.object({ path: v.optional(text) }))),
    security: v.optional(v.object({ rootless: v.optional(v.boolean()) })),
  }),
  store: v.object({
    graphDriverName: text,
    graphRoot: text,
    graphRootAllocated: v.optional(v.number()),
    graphRootUsed: v.optional(v.number()),
  }),
  version: v.object({ Version: text }),
});
export type PodmanInfo = v.InferOutput<typeof infoSchema>;

/** `podman version --format json`: `Server` is there where Podman goes through a service. */
const versionSchema = v.object({ Version: text, OsArch: text });
const versionsSchema = v.object({ Client: versionSchema, Server: v.optional(v.nullable(versionSchema)) });
export type PodmanVersions = v.InferOutput<typeof versionsSchema>;

/** `podman images --format json`: one row for each name, each with all names. */
const imagesSchema = v.array(v.object({ Id: text, Names: list, RepoDigests: list }));
export type PodmanImages = v.InferOutput<typeof imagesSchema>;

const connectionsSchema = v.array(
  v.object({ Name: text, URI: text, Default: v.optional(v.boolean()), IsMachine: v.optional(v.boolean()) }),
);
export type PodmanConnections = v.InferOutput<typeof connectionsSchema>;

const machinesSchema = v.array(v.object({ Name: text, Running: v.optional(v.boolean()) }));
export type PodmanMachines = v.InferOutput<typeof machinesSchema>;

export const parseInfo = (stdout: string): PodmanInfo => parse(infoSchema, stdout, 'podman info');
export const parseVersions = (stdout: string): PodmanVersions => parse(versionsSchema, stdout, 'podman version');
export const parseImages = (stdout: string): PodmanImages => parse(imagesSchema, stdout, 'podman images');
export const parseConnections = (stdout: string): PodmanConnections =>
  parse(connectionsSchema, stdout, 'podman system connection list');
export const parseMachines = (stdout: string): PodmanMachines => parse(machinesSchema, stdout, 'podman machine list');

function parse<S extends v.GenericSchema>(schema: S, stdout: string, where: string): v.InferOutput<S> {
  const result = v.safeParse(schema, readJson(stdout, where));
  if (result.success) return result.output;
  const place = v.getDotPath(result.issues[0]);
  throw new CodedError('RUNTIME_FAILED', `${where} answers in a form that is not known: ${printable(place)}`, {
    suggestions: ['Podman 4.3 to 5 are known to work: see `podman --version`.'],
  });
}

/**
 * Plain JSON, not core's strict one: `podman images` has the labels of every image in the store, anyone's, and labels
 * `Vendor` and `vendor` are two. What we read is one encoder's own members, and those it writes once.
 */
function readJson(stdout: string, where: string): unknown {
  try {
    return JSON.parse(stdout);
  } catch (cause) {
    throw new CodedError('RUNTIME_FAILED', `${where} did not answer with JSON`, { cause });
  }
}

/** The images that have a name or digest in this repository. Which digests Podman lists differs by how they came. */
export function imagesOf(repository: string, rows: PodmanImages): LocalImage[] {
  const images = new Map<string, LocalImage>();
  for (const { Id, Names, RepoDigests } of rows) {
    const names = (Names ?? []).filter((name) => name.startsWith(`${repository}:`));
    const digests = (RepoDigests ?? [])
      .filter((name) => name.startsWith(`${repository}@`))
      .map((name) => name.slice(repository.length + 1))
      .filter(isDigest);
    if (names.length > 0 || digests.length > 0) images.set(Id, { id: Id, digests, names });
  }
  return [...images.values()];
}
