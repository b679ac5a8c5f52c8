import { type Descriptor, mediaTypes, parseJson, parseManifest, parseShape, printable } from '@dangerzone-image/core';
import * as v from 'valibot';
import { archiveInvalid } from './archive-file.ts';
import { type ArchiveReader, asFaultOf, placeOf, readNamed } from './archive-reader.ts';

/** What the file lists: claims, none of which decides anything about trust. */
export interface Listing {
  /** The one image: a platform's manifest, or an index. */
  readonly image: Descriptor;
  /** Manifests of cosign's legacy signatures. */
  readonly signatures: readonly Descriptor[];
  readonly attestations: readonly Descriptor[];
  /** Who lists them, for messages. */
  readonly document: string;
}

const IMAGE = 'dev.cosignproject.cosign/image';
const INDEX = 'dev.cosignproject.cosign/imageIndex';
const SIGNATURES = 'dev.cosignproject.cosign/sigs';
const ATTESTATIONS = 'dev.cosignproject.cosign/atts';
const KINDS = [IMAGE, INDEX, SIGNATURES, ATTESTATIONS];

const layoutSchema = v.strictObject({ imageLayoutVersion: v.literal('1.0.0') });

/**
 * `dangerzone.json` where there is one, for engines read `index.json` and would take signatures for images: then both
 * must name the same image. Else `index.json` alone, as `cosign save` writes it.
 */
export async function readListing(reader: ArchiveReader): Promise<Listing> {
  const layout = await requireNamed(reader, 'oci-layout');
  const place = { where: 'oci-layout', code: 'MANIFEST_INVALID' } as const;
  await asFaultOf(reader, reader.members.get('oci-layout'), () =>
    parseShape(layoutSchema, parseJson(layout, place), place),
  );
  const index = await readList(reader, 'index.json', await requireNamed(reader, 'index.json'));
  const original = await readNamed(reader, 'dangerzone.json');
  if (!original) return index;
  const listing = await readList(reader, 'dangerzone.json', original, 2);
  const [one, other] = [index.image, listing.image];
  if (one.digest !== other.digest || one.size !== other.size || one.mediaType !== other.mediaType)
    throw invalid(reader, 'index.json', `it lists ${one.digest}, dangerzone.json lists ${other.digest}`);
  if (index.signatures.length + index.attestations.length > 0)
    throw invalid(reader, 'index.json', 'beside dangerzone.json it lists the image alone, nothing else');
  return listing;
}

async function requireNamed(reader: ArchiveReader, name: string): Promise<Buffer> {
  const bytes = await readNamed(reader, name);
  if (bytes) return bytes;
  throw archiveInvalid(reader.file, `it has no ${name}: expected an archive of prepare-archive or cosign save`);
}

async function readList(reader: ArchiveReader, document: string, bytes: Buffer, most = 1): Promise<Listing> {
  const index = await asFaultOf(reader, reader.members.get(document), () => parseManifest(bytes, document));
  if (index.kind !== 'index') throw invalid(reader, document, 'expected an image index');
  const ofKind = (...kinds: string[]) =>
    index.manifests.filter(({ annotations }) => kinds.includes(kindOf(annotations)));
  const unknown = index.manifests.find(({ annotations }) => !KINDS.includes(kindOf(annotations)));
  if (unknown) {
    const kind = printable(unknown.annotations?.kind);
    throw invalid(reader, document, `${unknown.digest} is of kind ${kind}: expected one that cosign save writes`);
  }
  const [images, signatures, attestations] = [ofKind(IMAGE, INDEX), ofKind(SIGNATURES), ofKind(ATTESTATIONS)];
  const [image, ...others] = images;
  if (!image || others.length > 0) throw invalid(reader, document, `expected one image, got ${images.length}`);
  if (isIndex(image) !== (kindOf(image.annotations) === INDEX))
    throw invalid(reader, document, `${image.digest} is ${printable(image.mediaType)}, which its kind is not`);
  if (signatures.length > most || attestations.length > most)
    throw invalid(reader, document, `expected at most ${most} of signatures and of attestations`);
  return { image, signatures, attestations, document };
}

function kindOf(annotations: Descriptor['annotations']): string {
  return annotations?.kind ?? '';
}

function isIndex({ mediaType }: Descriptor): boolean {
  return mediaType === mediaTypes.ociIndex || mediaType === mediaTypes.dockerIndex;
}

function invalid(reader: ArchiveReader, document: string, why: string) {
  const member = reader.members.get(document);
  return archiveInvalid(member ? placeOf(reader, member) : reader.file, why);
}
