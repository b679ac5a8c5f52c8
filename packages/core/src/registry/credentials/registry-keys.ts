const DOCKER_HUB = 'registry-1.docker.io';
const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'https:': '443', 'http:': '80' };

/**
 * The names under which log-ins for a registry are stored: its host and port, and nothing that only contains them. The
 * first is what helpers are asked for.
 */
export function registryKeys({ hostname, host, port, protocol }: URL): readonly string[] {
  if (host === DOCKER_HUB) return ['https://index.docker.io/v1/', 'docker.io'];
  return port === '' ? [host, `${hostname}:${DEFAULT_PORTS[protocol]}`] : [host];
}
