import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { placeOf } from './network-place.ts';

/** Where a registry answers: `host[:port]` of an image reference as a URL. Plain http for loopback and nothing else. */
export function registryOrigin(registry: string): URL {
  const host = registry === 'docker.io' ? 'registry-1.docker.io' : registry;
  const origin = toUrl(`https://${host}`);
  // URLs read 0177.0.0.1 and 2130706433 as 127.0.0.1: a host that is not what it looks like is refused.
  const isPlain = host.startsWith('[') || origin?.hostname === host.replace(/:\d+$/, '');
  if (!origin || !isPlain || origin.pathname !== '/') {
    throw new CodedError('REFERENCE_INVALID', `${printable(registry)} is no host of a registry`, {
      suggestions: ['Write the image as registry.example.org/team/image.'],
    });
  }
  return placeOf(origin.hostname) === 'loopback' ? new URL(`http://${host}`) : origin;
}

function toUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
