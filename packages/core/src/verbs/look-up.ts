import type { Release } from '../ledger/release.ts';
import type { Digest } from '../oci/digest.ts';
import { resolveTag } from './fetch-candidate.ts';
import { findInstalled, type InstalledImage } from './installed-image.ts';
import type { InstallContext } from './verb-context.ts';

export interface LookUp {
  readonly installed: InstalledImage | undefined;
  /** What the tag points to now: a claim. */
  readonly digest: Digest;
}

/** What is installed and what is offered: looked at at the same time, for the answer from afar takes the longest. */
export async function lookUp(context: InstallContext, releases: readonly Release[]): Promise<LookUp> {
  const failed = new AbortController();
  const signal = context.signal ? AbortSignal.any([context.signal, failed.signal]) : failed.signal;
  const offered = resolveTag({ ...context, signal });
  offered.catch(() => undefined); // told below, when what is installed is known
  try {
    return { installed: await findInstalled(context, releases), digest: await offered };
  } finally {
    failed.abort(); // nobody waits for the registry any more when the engine does not work
  }
}
