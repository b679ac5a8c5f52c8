import { CodedError, type Platform, printable } from '@dangerzone-image/core';
import type Dockerode from 'dockerode';
import { connectEngine } from './connect-engine.ts';
import { type DockerInfo, type DockerVersion, parseInfo, parseVersion } from './docker-answers.ts';
import { type DockerEndpoint, formatEndpoint } from './docker-endpoint.ts';
import { engineModem } from './engine-modem.ts';

/** An engine that answered, and is Docker. */
export interface Engine {
  readonly docker: Dockerode;
  readonly endpoint: DockerEndpoint;
  readonly version: DockerVersion;
  readonly info: DockerInfo;
  /** Platform of its containers. */
  readonly platform: Platform;
}

export async function openEngine(endpoint: DockerEndpoint): Promise<Engine> {
  const modem = engineModem(await connectEngine(endpoint));
  const { default: Docker } = await import('dockerode'); // only who uses Docker pays for it
  const docker = new Docker({ modem } as unknown as Dockerode.DockerOptions);
  const version = parseVersion(await docker.version());
  requireDocker(version, endpoint);
  const info = parseInfo(await docker.info());
  return { docker, endpoint, version, info, platform: { os: version.Os, architecture: version.Arch } };
}

/** Podman answers Docker's API too, near enough to begin with; its images have other IDs and its names other rules. */
function requireDocker({ Components, Os }: DockerVersion, endpoint: DockerEndpoint): void {
  const at = printable(formatEndpoint(endpoint));
  if (Components?.[0]?.Name === 'Podman Engine')
    throw new CodedError('RUNTIME_UNAVAILABLE', `what answers at ${at} is Podman, not Docker`, {
      suggestions: ['Use it as what it is: --runtime podman', 'Or name Docker: --runtime-option host=…'],
    });
  if (Os === 'linux') return;
  throw new CodedError('RUNTIME_UNAVAILABLE', `Docker at ${at} runs containers of ${printable(Os)}, not of Linux`, {
    suggestions: ['Switch Docker Desktop to Linux containers.'],
  });
}
