import { readLedger } from '../ledger/ledger-file.ts';
import type { VerbContext } from './verb-context.ts';

/** Name of the runtime that this profile's image was last installed into; a hint, like all that is remembered. */
export async function rememberedRuntime({ state, profile }: VerbContext): Promise<string | undefined> {
  const { ledger } = await readLedger(state, profile, { readOnly: true });
  return ledger.runtime;
}
