import { codeOf } from '../errors/coded-error.ts';
import { requireInstallable } from '../ledger/order.ts';
import { releaseOf } from '../ledger/release.ts';
import type { VerifiedImage } from '../verify/verified-image.ts';
import type { StateSession } from './state-session.ts';
import type { VerbContext } from './verb-context.ts';

export interface Comparison {
  /** Installed against the order, because the user said so. */
  readonly forced: boolean;
}

/**
 * The rollback rules for an image that the engine does not have. What `--force` does to them is said aloud and
 * recorded, and lowers no floor.
 */
export function compare(
  { profile, report }: VerbContext,
  { ledger }: StateSession,
  image: VerifiedImage,
  force: boolean,
): Comparison {
  try {
    const { notes } = requireInstallable(ledger, releaseOf(image), profile.floor, { engineHasIt: false });
    for (const message of notes) report?.({ type: 'notice', message });
    return { forced: false };
  } catch (error) {
    if (!force || codeOf(error) !== 'ROLLBACK_REFUSED') throw error;
    report?.({
      type: 'notice',
      message: `--force: installing an older image on purpose. ${(error as Error).message}. No floor is lowered.`,
    });
    return { forced: true };
  }
}
