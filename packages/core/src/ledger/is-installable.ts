import type { Ledger } from './ledger.ts';
import { requireInstallable } from './order.ts';
import type { Ranks, Release } from './release.ts';

/** For whoever weighs releases and installs none: what `requireInstallable` would say, as yes or no. */
export function isInstallable(ledger: Ledger, release: Release, profileFloor: Ranks): boolean {
  try {
    requireInstallable(ledger, release, profileFloor, { engineHasIt: false });
    return true;
  } catch {
    return false;
  }
}
