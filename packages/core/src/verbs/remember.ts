import { recordSeen } from '../ledger/ledger-changes.ts';
import { requireOwnEntries } from '../ledger/order.ts';
import { sightingOf } from '../ledger/release.ts';
import type { SignedDigest } from '../verify/verify-signatures.ts';
import type { StateSession } from './state-session.ts';

/** Whichever verb sees a signature remembers its lowest log index: logged again later, the image is no newer for it. */
export async function remember(session: StateSession, signed: SignedDigest): Promise<void> {
  const sighting = sightingOf(signed);
  requireOwnEntries(session.ledger, sighting);
  await session.save((ledger) => recordSeen(ledger, sighting));
}
