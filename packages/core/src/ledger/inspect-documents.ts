import type { Digest } from '../oci/digest.ts';
import { listDocuments, readDocument } from './document-store.ts';
import { reasonOf } from './inspect-signatures.ts';
import type { Ledger } from './ledger.ts';
import { installedRelease } from './order.ts';
import type { StateFolder } from './state-folder.ts';
import type { StateFs } from './state-fs.ts';
import type { DocumentsInspection } from './state-inspection.ts';

/** Every stored document, hashed anew, and those that the installed release should have. */
export async function inspectDocuments(
  folder: StateFolder,
  ledger: Ledger | undefined,
  fs: StateFs,
): Promise<DocumentsInspection> {
  const sound: Digest[] = [];
  const damaged: DocumentsInspection['damaged'][number][] = [];
  for (const digest of await listDocuments(folder, { fs })) {
    try {
      await readDocument(folder, digest, { fs });
      sound.push(digest);
    } catch (error) {
      damaged.push({ name: `manifests/${digest.replace(':', '-')}`, digest, why: reasonOf(error) });
    }
  }
  const here = new Set([...sound, ...damaged.map(({ digest }) => digest)]);
  return { sound, damaged, missing: expectedOf(ledger).filter((digest) => !here.has(digest)) };
}

function expectedOf(ledger: Ledger | undefined): Digest[] {
  const release = ledger && installedRelease(ledger);
  if (!release) return [];
  return [...(release.index ? [release.index] : []), release.manifest, release.config];
}
