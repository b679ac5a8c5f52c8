import { CodedError, codeOf } from '@dangerzone-image/core';
import { parseConnections, parseMachines } from './podman-answers.ts';
import type { RunPodman } from './run-podman.ts';

/** What decides which engine Podman talks to, beside its own files. */
export interface PodmanSurroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The runtime option `connection`. */
  readonly connection?: string | undefined;
  /** Which Podman and which of its stores: what a killed run left in one is not looked for in another. */
  readonly place?: string;
}

/** Where an engine is that Podman reaches through a service. */
export interface ServicePlace {
  /** As this machine knows it; undefined where it cannot be told for sure. */
  readonly address?: string;
  /** Podman's own virtual machine on this computer: as local as an engine gets on macOS and Windows. */
  readonly isMachine: boolean;
}

/**
 * What the service says of itself (`remoteSocket`) is a path over there, which reads as one here: Podman's own list of
 * connections tells. A machine is one that the list calls so and that is reached at this computer's own address; what
 * CONTAINER_HOST names is not in the list, so it is taken for another computer whatever it looks like.
 */
export async function servicePlace(run: RunPodman, { env, connection }: PodmanSurroundings): Promise<ServicePlace> {
  const { CONTAINER_HOST: host, CONTAINER_CONNECTION: byName } = env;
  const nowhereSure = { isMachine: false };
  if (connection === undefined && host !== undefined) {
    if (!host || byName) return nowhereSure; // which one counts differs by version
    return { address: withoutPassword(host), isMachine: false };
  }
  const name = connection ?? byName;
  const listed = await list(run, ['system', 'connection', 'list', '--format', 'json'], parseConnections);
  const [found, ...others] = listed.filter(({ Name, Default }) => (name ? Name === name : Default === true));
  if (!found || others.length > 0) return nowhereSure;
  return { address: withoutPassword(found.URI), isMachine: found.IsMachine === true && isLoopback(found.URI) };
}

/** A machine's address: `ssh://core@127.0.0.1:<port>/…`. Not parsed leniently: what looks odd is elsewhere. */
function isLoopback(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname } = new URL(address);
  return protocol === 'ssh:' && /^(?:127(?:\.\d{1,3}){3}|localhost|\[::1\])$/.test(hostname);
}

/**
 * `podman info` is what is asked first, and it needs no image: when that fails, nothing works. Why is told by what
 * Podman lists, not by its words; we start nothing.
 */
export async function unavailable(
  run: RunPodman,
  error: CodedError,
  surroundings: PodmanSurroundings,
): Promise<CodedError> {
  const { message, details } = error;
  const suggestions = await remedy(run, surroundings);
  return new CodedError('RUNTIME_UNAVAILABLE', message, { details, cause: error, suggestions });
}

async function remedy(run: RunPodman, { platform, env, connection }: PodmanSurroundings): Promise<string[]> {
  if (connection !== undefined || env.CONTAINER_HOST || env.CONTAINER_CONNECTION) {
    return [
      'The engine of the chosen connection does not answer: start it there, or see `podman system connection list` ' +
        'and the variables CONTAINER_HOST and CONTAINER_CONNECTION.',
    ];
  }
  if (platform === 'darwin' || platform === 'win32') {
    const machines = await list(run, ['machine', 'list', '--format', 'json'], parseMachines);
    if (machines.length === 0) return ['Podman has no machine here: podman machine init, then podman machine start'];
    if (!machines.some(({ Running }) => Running)) return ['Podman’s machine is stopped: podman machine start'];
  }
  return ['See whether `podman info` works in a terminal, with the same options.'];
}

/** A list that cannot be had is an empty one: it only makes an explanation better. */
async function list<T>(run: RunPodman, args: readonly string[], parse: (stdout: string) => T[]): Promise<T[]> {
  try {
    return parse((await run(args)).stdout);
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return [];
  }
}

function withoutPassword(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  url.password = '';
  return url.href;
}
