import { statfs } from 'node:fs/promises';
import type { InfoOptions, RuntimeInfo } from '@dangerzone-image/core';
import { type PodmanInfo, parseInfo, parseVersions } from './podman-answers.ts';
import { type PodmanSurroundings, servicePlace } from './podman-connection.ts';
import type { RunPodman } from './run-podman.ts';

/** One of Podman's own questions, answered on standard output. */
export type AskPodman = (words: readonly string[], signal?: AbortSignal) => Promise<string>;

/** Which Podman this is, for which containers, and where its images go. */
export async function describePodman(
  ask: AskPodman,
  run: RunPodman,
  surroundings: PodmanSurroundings,
  { brief = false }: InfoOptions = {},
): Promise<RuntimeInfo> {
  const described = brief ? await describeBriefly(ask) : undefined;
  if (described) return described;
  const info = parseInfo(await ask(['info', '--format', 'json']));
  const { host, store, version } = info;
  return {
    version: version.Version,
    platform: { os: host.os, architecture: host.arch, ...(host.variant && { variant: host.variant }) },
    store: store.graphDriverName,
    isRootless: host.security?.rootless ?? false,
    ...(host.serviceIsRemote ? await throughService(info, run, surroundings) : await onThisSystem(info)),
  };
}

export async function isService(ask: AskPodman, signal?: AbortSignal): Promise<boolean> {
  return Boolean(parseVersions(await ask(['version', '--format', 'json'], signal)).Server);
}

/**
 * In a tenth of the time of `podman info`, which asks the package manager about its parts. Nothing where it goes
 * through a service, and on 32-bit ARM, whose variant it does not tell.
 */
async function describeBriefly(ask: AskPodman): Promise<RuntimeInfo | undefined> {
  const { Client, Server } = parseVersions(await ask(['version', '--format', 'json']));
  const [os, architecture, ...others] = Client.OsArch.split('/');
  if (Server || !os || !architecture || architecture === 'arm' || others.length > 0) return undefined;
  return {
    version: Client.Version,
    platform: { os, architecture },
    endpoint: 'Podman on this system',
    isRemote: false,
  };
}

async function throughService({ host, store }: PodmanInfo, run: RunPodman, surroundings: PodmanSurroundings) {
  const { address, isMachine } = await servicePlace(run, surroundings);
  const { graphRootAllocated: size, graphRootUsed: used } = store;
  return {
    endpoint: address ?? host.remoteSocket?.path ?? 'a remote connection',
    isRemote: !isMachine,
    // Its path is over there. What the disk keeps for root counts as free here: at most this much is.
    ...(size !== undefined && used !== undefined && { freeBytes: Math.max(0, size - used) }),
  };
}

async function onThisSystem({ store }: PodmanInfo) {
  const { bavail, bsize } = await statfs(store.graphRoot);
  return { endpoint: store.graphRoot, isRemote: false, freeBytes: bavail * bsize };
}
