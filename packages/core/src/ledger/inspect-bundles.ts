import type { Digest } from '../oci/digest.ts';
import type { Profile } from '../profile/profile.ts';
import type { Trust } from '../trust/trust.ts';
import { acceptBundleSignature } from '../verify/accept-bundle-signature.ts';
import { type LogEntry, SignatureRefusal } from '../verify/signature-verdict.ts';
import { bundledDigests, listBundles, nameOf, readStoredBundle, toDocument } from './bundle-store.ts';
import { reasonOf } from './inspect-signatures.ts';
import type { StateFolder } from './state-folder.ts';
import type { StateFs } from './state-fs.ts';
import type { BundlesInspection } from './state-inspection.ts';

/** Every stored bundle, hashed anew, and what the logs say of those that still count. */
export async function inspectBundles(
  folder: StateFolder,
  { trust, replacedLogs }: Pick<Profile, 'trust' | 'replacedLogs'>,
  fs: StateFs,
): Promise<BundlesInspection> {
  const own = { ...trust, logs: [...trust.logs, ...replacedLogs] };
  const entries: BundlesInspection['entries'][number][] = [];
  const sound: Digest[] = [];
  const damaged: BundlesInspection['damaged'][number][] = [];
  let files = 0;
  for (const about of await bundledDigests(folder, { fs })) {
    for (const stored of await listBundles(folder, about, { fs })) {
      files++;
      try {
        const bytes = await readStoredBundle(folder, stored, { fs });
        sound.push(about);
        const log = bytes && entryOf(bytes, about, own);
        if (log) entries.push({ digest: about, log });
      } catch (error) {
        damaged.push({ name: nameOf(stored), why: reasonOf(error) });
      }
    }
  }
  return { files, about: [...new Set(sound)], damaged, entries };
}

/** Nothing for what does not count, whatever the reason: it supports no floor, and is no damage. */
function entryOf(bytes: Uint8Array, about: Digest, trust: Trust): LogEntry | undefined {
  try {
    return acceptBundleSignature(toDocument(bytes), about, trust).log;
  } catch (error) {
    if (error instanceof SignatureRefusal) return undefined;
    throw error;
  }
}
