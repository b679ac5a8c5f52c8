import type { UpdateFacts } from '@dangerzone-image/core';
import { updateFactLines } from '../render/auto-lines.ts';
import { askConsent, canAsk, type Terminal } from './ask-consent.ts';

/** The user's word on an update; nothing where nobody can be asked. */
export async function askUpdate(
  facts: UpdateFacts,
  { isGiven }: { readonly isGiven: boolean },
  terminal: Terminal,
): Promise<boolean | undefined> {
  if (isGiven) return true;
  if (!canAsk(terminal)) return undefined;
  return askConsent({ facts: updateFactLines(facts), question: 'Install this update?' }, terminal);
}
