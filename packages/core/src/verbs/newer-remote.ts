import { isNewer } from '../ledger/is-newer.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Release } from '../ledger/release.ts';
import type { Digest } from '../oci/digest.ts';

/** A release that was seen at a registry and is newer than this one, for whoever does not install it. */
export function newerRemote(ledger: Ledger, than: Release): { digest: Digest; seenAt: Date } | undefined {
  const { remote } = ledger;
  if (!remote || !isNewer(ledger, remote.release, than)) return undefined;
  return { digest: remote.release.signed, seenAt: remote.seenAt };
}
