import { codeOf } from '../errors/coded-error.ts';
import { exitCodeOf, exitCodes } from '../errors/error-code.ts';
import type { Release } from '../ledger/release.ts';
import { type VerifiedImage, verifyImage } from '../verify/verified-image.ts';
import { storedChains, verifyStored } from './stored-evidence.ts';
import type { LocalContext } from './verb-context.ts';

/** A release by its stored evidence, re-hashed and verified anew; nothing where that is not here any more, or does not hold. */
export async function findStoredImage(
  { state, profile, runtime, report }: LocalContext,
  release: Release,
): Promise<VerifiedImage | undefined> {
  const { platform } = await runtime.info({ brief: true });
  try {
    for await (const chain of storedChains(state, platform, [release])) {
      if (chain.manifest.digest !== release.manifest) continue;
      return verifyImage(profile.image, chain, await verifyStored(state, profile, release.signed));
    }
  } catch (error) {
    if (exitCodeOf(codeOf(error) ?? 'INTERNAL') !== exitCodes.IMAGE_NOT_VERIFIED) throw error;
    report?.({ type: 'decision', message: `stored evidence of ${release.signed}: ${(error as Error).message}` });
  }
  return undefined;
}
