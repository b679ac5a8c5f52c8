import { CodedError, codeOf } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import { fits, SavedImage, type SavedPart, type SavedParts } from '../runtime/saved-image.ts';
import type { VerifiedImage } from '../verify/verified-image.ts';
import type { InstalledImage } from './installed-image.ts';
import type { LayerVerdict } from './results.ts';
import type { LocalContext } from './verb-context.ts';

const PROGRESS_BYTES = 64 * 1024 * 1024;
const REMEDY =
  'Do not run it. Remove it with the engine’s own command, then install it again: dangerzone-image upgrade. ' +
  'Other images that share a changed layer have it too.';

/**
 * Holds the engine's own copy against the verified chain, by its bytes: each layer, unpacked, against its DiffID, and
 * the config against its digest. `runtime` is a guarded one.
 */
export async function verifyDeep(context: LocalContext, installed: InstalledImage): Promise<readonly LayerVerdict[]> {
  const { runtime } = context;
  const image = requireDocuments(installed);
  const { diffIds } = image.config;
  if (!runtime.save) return notChecked(diffIds, `runtime ${printable(runtime.name)} cannot give back what it holds`);
  const saved = new SavedImage();
  try {
    await saved.read(exported(context, installed));
    requireParts(saved.parts(image.manifest.digest), image, runtime.name);
  } catch (error) {
    if (codeOf(error) !== 'RUNTIME_FAILED' && codeOf(error) !== 'MANIFEST_INVALID') throw error;
    throw notGivenBack(saved, image, runtime.name, error as Error);
  }
  const { savesOriginals } = await runtime.info();
  if (savesOriginals)
    return notChecked(
      diffIds,
      `${printable(runtime.name)} gives back the blob that it keeps, which is right, and not the files that it runs`,
    );
  return diffIds.map((diffId) => ({ diffId, status: 'verified' }));
}

function requireDocuments({ image, facts }: InstalledImage): VerifiedImage {
  if (image) return image;
  const message = `${facts.name}@${facts.digest}: only signatures are stored here, not the documents that name its layers`;
  throw new CodedError('IMAGE_NOT_VERIFIED', message, {
    suggestions: ['Fetch them: dangerzone-image upgrade', 'Leave out --deep to verify what the engine says.'],
  });
}

async function* exported(
  { runtime, signal, report }: LocalContext,
  { local }: InstalledImage,
): AsyncGenerator<Uint8Array> {
  let [bytes, told] = [0, 0];
  report?.({ type: 'hash', bytes });
  for await (const chunk of runtime.save?.(local, { ...(signal && { signal }) }) ?? []) {
    signal?.throwIfAborted();
    yield chunk;
    bytes += chunk.length;
    if (bytes - told < PROGRESS_BYTES) continue;
    told = bytes;
    report?.({ type: 'hash', bytes });
  }
  report?.({ type: 'hash', bytes });
}

function notChecked(diffIds: readonly Digest[], reason: string): LayerVerdict[] {
  return diffIds.map((diffId) => ({ diffId, status: 'not-checked', reason }));
}

/** Every part, in its place, and not one more. */
function requireParts({ config, layers }: SavedParts, image: VerifiedImage, runtime: string): void {
  const { diffIds, digest } = image.config;
  const where = `${runtime}’s copy of ${image.name}`;
  const wrong = diffIds
    .map((diffId, at) => ({ diffId, position: at + 1, got: layers[at] }))
    .filter(({ diffId, got }) => !got || !fits(got, diffId));
  const [first] = wrong;
  if (first) {
    const { position, diffId, got } = first;
    throw different(
      `layer ${position} of ${diffIds.length} (${diffId}) in ${where} ${saidOf(got)}`,
      wrong.map((layer) => ({ position: layer.position, diffId: layer.diffId, ...(layer.got && gotOf(layer.got)) })),
    );
  }
  if (layers.length > diffIds.length)
    throw different(`${where} has ${layers.length} layers: expected ${diffIds.length}`, []);
  if (!config || config.digest !== digest) throw different(`the config ${digest} in ${where} ${saidOf(config)}`, []);
}

function saidOf(got: SavedPart | undefined): string {
  return got ? `is another one: its bytes have ${gotOf(got).got}` : 'is missing';
}

function gotOf({ digest, unpacked, isMisnamed }: SavedPart): { readonly got: Digest } {
  return { got: (!isMisnamed && unpacked) || digest };
}

function different(message: string, layers: readonly object[]): CodedError {
  return new CodedError('IMAGE_NOT_VERIFIED', message, { suggestions: [REMEDY], details: { layers } });
}

/**
 * Podman and Docker's classic store hold a layer's files against checksums of their own while they put it together
 * again, and break off at the first that differs.
 */
function notGivenBack(saved: SavedImage, { name, config }: VerifiedImage, runtime: string, cause: Error): CodedError {
  const { diffIds } = config;
  const at = brokenOffAt(saved, diffIds, cause);
  const diffId = diffIds[at];
  const what = diffId ? `layer ${at + 1} of ${diffIds.length} (${diffId})` : 'all of its copy';
  return new CodedError('IMAGE_NOT_VERIFIED', `${runtime} does not give back ${what} of ${name}: ${cause.message}`, {
    suggestions: [REMEDY],
    details: { layers: diffId ? [{ position: at + 1, diffId }] : [] },
    cause,
  });
}

/**
 * Which layer it was, for people; the refusal stands without it. Podman gives layers in their order, so it is the first
 * that never came. Where nothing came, as Docker writes all to disk first, only a DiffID in the engine's words tells.
 */
function brokenOffAt(saved: SavedImage, diffIds: readonly Digest[], { message }: Error): number {
  if (!saved.isEmpty) return diffIds.findIndex((diffId) => !saved.holds(diffId));
  const named = diffIds.filter((diffId) => message.includes(hexOf(diffId)));
  return new Set(named).size === 1 ? diffIds.indexOf(named[0] as Digest) : -1;
}
