import { configFolder, contextEndpoint, currentContext, DEFAULT_CONTEXT } from './docker-context.ts';
import type { DockerEndpoint } from './docker-endpoint.ts';
import type { DockerOptions } from './docker-options.ts';
import type { DockerSurroundings } from './docker-surroundings.ts';
import { parseHost } from './parse-host.ts';

/**
 * Which engine is meant, in the order of Docker's own client: what was said here, DOCKER_HOST, DOCKER_CONTEXT, the
 * context in use, the usual place. More than one only for the usual place: the first that answers is it.
 */
export async function chooseEndpoints(
  { host, context }: DockerOptions,
  surroundings: DockerSurroundings,
): Promise<readonly DockerEndpoint[]> {
  const { env } = surroundings;
  if (host !== undefined) return [byHost(host, 'runtime option host', surroundings)];
  if (context !== undefined) return byContext(context, 'runtime option context', surroundings);
  if (env.DOCKER_HOST) return [byHost(env.DOCKER_HOST, 'DOCKER_HOST', surroundings)];
  if (env.DOCKER_CONTEXT) return byContext(env.DOCKER_CONTEXT, 'DOCKER_CONTEXT', surroundings);
  const current = await currentContext(surroundings);
  return current === undefined ? usual(surroundings) : byContext(current, 'Docker’s config.json', surroundings);
}

async function byContext(
  name: string,
  where: string,
  surroundings: DockerSurroundings,
): Promise<readonly DockerEndpoint[]> {
  if (name !== DEFAULT_CONTEXT) return [await contextEndpoint(name, where, surroundings)];
  const { DOCKER_HOST: host } = surroundings.env;
  return host ? [byHost(host, 'DOCKER_HOST', surroundings)] : usual(surroundings);
}

/** Docker's variables for TLS; DOCKER_TLS alone would be TLS without a look at the certificate, which ours always takes. */
function byHost(host: string, where: string, surroundings: DockerSurroundings): DockerEndpoint {
  const { DOCKER_TLS, DOCKER_TLS_VERIFY, DOCKER_CERT_PATH } = surroundings.env;
  const tlsFolder = DOCKER_CERT_PATH || (DOCKER_TLS || DOCKER_TLS_VERIFY ? configFolder(surroundings) : undefined);
  return parseHost(host, { where, tlsFolder });
}

/** Rootless Docker makes a context for itself, which a user may not have chosen: its places follow the usual one. */
function usual({ platform, env, uid }: DockerSurroundings): readonly DockerEndpoint[] {
  const socket = (path: string): DockerEndpoint => ({ kind: 'socket', path });
  if (platform === 'win32') return [socket('//./pipe/docker_engine')];
  if (platform !== 'linux') return [socket('/var/run/docker.sock')];
  const runtimeFolder = env.XDG_RUNTIME_DIR || (uid ? `/run/user/${uid}` : undefined);
  const rootless = runtimeFolder === undefined ? [] : [socket(`${runtimeFolder}/docker.sock`)];
  return [socket('/var/run/docker.sock'), ...rootless];
}
