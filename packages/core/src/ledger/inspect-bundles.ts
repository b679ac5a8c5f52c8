import type { Digest } from '../oci/digest.ts';
import { bundledDigests, listBundles, nameOf, readStoredBundle } from './bundle-store.ts';
import { reasonOf } from './inspect-signatures.ts';
import type { StateFolder } from './state-folder.ts';
import type { StateFs } from './state-fs.ts';
import type { BundlesInspection } from './state-inspection.ts';

/** Every stored bundle, hashed anew. Who signed what, verification says on every use. */
export async function inspectBundles(folder: StateFolder, fs: StateFs): Promise<BundlesInspection> {
  const sound: Digest[] = [];
  const damaged: BundlesInspection['damaged'][number][] = [];
  let files = 0;
  for (const about of await bundledDigests(folder, { fs })) {
    for (const stored of await listBundles(folder, about, { fs })) {
      files++;
      try {
        await readStoredBundle(folder, stored, { fs });
        sound.push(about);
      } catch (error) {
        damaged.push({ name: nameOf(stored), why: reasonOf(error) });
      }
    }
  }
  return { files, about: [...new Set(sound)], damaged };
}
