import { placeOf } from '../network-place.ts';

// Token services beside their registry rather than below it. Written by us: who shares a parent domain is not known
// without a list of the domains below which anybody gets a name (github.io, co.uk).
const KNOWN_REALMS: Readonly<Record<string, string>> = {
  'registry-1.docker.io': 'auth.docker.io',
  'registry.gitlab.com': 'gitlab.com',
};

/**
 * Whether a registry's log-in may go to the realm that it named (bad input 23): the same host, one below it, a pair that
 * we know, or a host that the user listed. Encrypted, or within this machine.
 */
export function maySendTo(realm: URL, registry: URL, listed: readonly string[]): boolean {
  if (realm.protocol !== 'https:' && placeOf(realm.hostname) !== 'loopback') return false;
  const isBelow = placeOf(registry.hostname) === 'public' && realm.hostname.endsWith(`.${registry.hostname}`);
  const isSame = realm.hostname === registry.hostname || isBelow;
  return isSame || KNOWN_REALMS[registry.host] === realm.host || listed.includes(realm.host);
}
