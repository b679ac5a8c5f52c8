import { createHash } from 'node:crypto';
import { posix, win32 } from 'node:path';
import { CodedError, parseJson, printable } from '@dangerzone-image/core';
import * as v from 'valibot';
import type { DockerEndpoint } from './docker-endpoint.ts';
import type { DockerSurroundings } from './docker-surroundings.ts';
import { parseHost } from './parse-host.ts';

/** The context that stands for "no context" (docker-context(1)). */
export const DEFAULT_CONTEXT = 'default';

const configSchema = v.object({ currentContext: v.optional(v.string()) });
const metaSchema = v.object({
  Name: v.string(),
  Endpoints: v.object({ docker: v.object({ Host: v.pipe(v.string(), v.maxLength(4096)) }) }),
});

/** The folder of Docker's own client. */
export function configFolder({ platform, env, home }: DockerSurroundings): string {
  return env.DOCKER_CONFIG || pathOf(platform).join(home, '.docker');
}

/** `currentContext` of `config.json`: what `docker context use` chose. */
export async function currentContext(surroundings: DockerSurroundings): Promise<string | undefined> {
  const path = pathOf(surroundings.platform).join(configFolder(surroundings), 'config.json');
  const bytes = await surroundings.readFile(path);
  return bytes && (read(configSchema, bytes, path).currentContext || undefined);
}

/** The engine that a context names. `where` says who named the context. */
export async function contextEndpoint(
  name: string,
  where: string,
  surroundings: DockerSurroundings,
): Promise<DockerEndpoint> {
  const path = pathOf(surroundings.platform);
  // Docker's own client keeps each context in a folder that is called after the hash of its name.
  const folder = createHash('sha256').update(name).digest('hex');
  const contexts = path.join(configFolder(surroundings), 'contexts');
  const metaPath = path.join(contexts, 'meta', folder, 'meta.json');
  const bytes = await surroundings.readFile(metaPath);
  if (!bytes) throw unknownContext(name, where, metaPath);
  const { Name, Endpoints } = read(metaSchema, bytes, metaPath);
  if (Name !== name)
    throw new CodedError(
      'USAGE',
      `${printable(metaPath)} is of the context ${printable(Name)}, not ${printable(name)}`,
    );
  const tlsFolder = path.join(contexts, 'tls', folder, 'docker');
  const hasTls = await surroundings.exists(tlsFolder);
  return parseHost(Endpoints.docker.Host, {
    where: `Docker context ${printable(name)}`,
    ...(hasTls && { tlsFolder }),
  });
}

export function pathOf(platform: NodeJS.Platform): typeof posix {
  return platform === 'win32' ? win32 : posix;
}

function read<S extends v.GenericSchema>(schema: S, bytes: Uint8Array, path: string): v.InferOutput<S> {
  const result = v.safeParse(schema, parseJson(bytes, { where: path, code: 'USAGE' }));
  if (result.success) return result.output;
  const place = v.getDotPath(result.issues[0]);
  throw new CodedError('USAGE', `${printable(path)}: ${printable(place)} is not as Docker writes it`, {
    suggestions: ['See `docker context ls`, or name the engine: --runtime-option host=…'],
  });
}

function unknownContext(name: string, where: string, path: string): CodedError {
  return new CodedError('USAGE', `${where} names the Docker context ${printable(name)}, which is not known here`, {
    suggestions: ['See `docker context ls`, or name the engine: --runtime-option host=…'],
    details: { context: name, path },
  });
}
