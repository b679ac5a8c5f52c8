import { type Descriptor, mediaTypes } from '../oci/descriptor.ts';
import { type Digest, hexOf } from '../oci/digest.ts';
import { hostPlatform, type Platform } from '../oci/platform.ts';
import { signatureManifest } from './signature-manifest.ts';
import type { TestContent, TestDocument, TestImage } from './test-image.ts';
import type { TestSigner } from './test-signer.ts';

/** One entry of a tar, as an attacker may want it: whatever is left out is as `tar` writes it. */
export interface TestMember {
  readonly name: string;
  readonly bytes?: Uint8Array;
  /** One character; `0` where it is left out. */
  readonly type?: string;
  readonly link?: string;
  /** What the header announces, where that is not the truth. */
  readonly size?: number | Uint8Array;
  /** Records of a PAX header before it; the text as it is. */
  readonly pax?: string | Uint8Array;
  /** Changes the header; its checksum is made afterwards. */
  readonly change?: (header: Buffer) => void;
}

/**
 * Who wrote the archive. `dangerzone`: Python's `tarfile`, sorted, `./`, a PAX header with its time before each member.
 * `ours`: one platform, with the signed index above it. `cosign-save`: a plain tar of that folder, all platforms.
 */
export type TestArchiveForm = 'dangerzone' | 'ours' | 'cosign-save' | 'cosign-save-manifest';

export interface TestArchiveOptions {
  readonly form?: TestArchiveForm;
  readonly platform?: Platform;
  /** Each signs what this form carries signatures of. */
  readonly signers?: readonly TestSigner[];
  /** Name in the payloads, where it is not the signers' own. */
  readonly image?: string;
  /** What is signed, where it is not what the form has: the index, the platform's manifest, or other digests. */
  readonly signed?: readonly Digest[];
}

const KIND = 'dev.cosignproject.cosign';

/** The members of a good archive, for a tar or to be changed first. */
export function testArchiveMembers(image: TestImage, options: TestArchiveOptions = {}): readonly TestMember[] {
  const { form = 'ours', platform = hostPlatform(), signers = [] } = options;
  const own = image.manifestFor(platform);
  const isWhole = form === 'cosign-save';
  const top: TestDocument = isWhole ? image.index : own;
  const signed =
    options.signed ??
    { dangerzone: [own], ours: [own, image.index], 'cosign-save': [image.index], 'cosign-save-manifest': [own] }[
      form
    ].map(({ digest }) => digest);
  const signatures =
    signers.length === 0
      ? []
      : signed.map((digest) =>
          signatureManifest(
            signers.map((signer) => signer.sign({ image: options.image ?? signer.image ?? '', digest })),
          ),
        );

  const blobs: TestContent[] = [
    ...(isWhole ? image.manifests : [own]).flatMap((manifest) => [manifest, manifest.config, ...manifest.layers]),
    ...(isWhole || form === 'ours' ? [image.index] : []),
    ...signatures.flatMap((signature) => [signature, ...signature.blobs]),
  ];
  const images = [entryOf(top, isWhole ? `${KIND}/imageIndex` : `${KIND}/image`)];
  const all = [...images, ...signatures.map((signature) => entryOf(signature, `${KIND}/sigs`))];
  const hasOriginal = form === 'dangerzone' || form === 'ours';
  const files: TestMember[] = [
    ...[...new Map(blobs.map(({ digest, bytes }) => [digest, bytes]))].map(([digest, bytes]) => ({
      name: `blobs/sha256/${hexOf(digest)}`,
      bytes,
    })),
    { name: 'oci-layout', bytes: json({ imageLayoutVersion: '1.0.0' }) },
    { name: 'index.json', bytes: layout(hasOriginal ? images : all) },
    ...(hasOriginal ? [{ name: 'dangerzone.json', bytes: layout(all) }] : []),
    ...(form === 'ours' ? [{ name: 'manifest.json', bytes: json([dockerEntry(own)]) }] : []),
  ];
  const folders = form === 'ours' ? [] : ['', 'blobs/', 'blobs/sha256/'].map((name) => ({ name, type: '5' }));
  return [...folders, ...files]
    .sort((left, right) => (left.name < right.name ? -1 : 1))
    .map((member) => ({
      ...member,
      name: `./${member.name}`,
      ...(form === 'dangerzone' && { pax: '27 mtime=1795439204.619749\n' }),
    }));
}

/** A tar of these members, with two zero blocks at its end, or what `end` says. */
export function testTar(members: readonly TestMember[], end: Uint8Array = Buffer.alloc(1024)): Buffer {
  return Buffer.concat([
    ...members.flatMap((member) => [
      ...(member.pax === undefined
        ? []
        : entry({ name: '././@PaxHeader', type: 'x', bytes: Buffer.from(member.pax as Uint8Array) })),
      ...entry(member),
    ]),
    end,
  ]);
}

/** A good archive's bytes. */
export function buildTestArchive(image: TestImage, options?: TestArchiveOptions): Buffer {
  return testTar(testArchiveMembers(image, options));
}

function entry({
  name,
  bytes = Buffer.alloc(0),
  type = '0',
  link = '',
  size = bytes.length,
  change,
}: TestMember): Uint8Array[] {
  const header = Buffer.alloc(512);
  header.write(name, 0, 100, 'latin1');
  header.write(`0000644\0${'0000000\0'.repeat(2)}`, 100);
  if (typeof size === 'number') header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  else header.set(size, 124);
  header.write('15301035145\0', 136);
  header.write(type, 156);
  header.write(link, 157, 100, 'latin1');
  header.write('ustar\x0000root', 257);
  change?.(header);
  header.write(' '.repeat(8), 148);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
}

function entryOf({ mediaType, digest, bytes }: TestDocument, kind: string): Descriptor {
  return { mediaType, size: bytes.length, digest, annotations: { kind } };
}

function layout(manifests: readonly Descriptor[]): Uint8Array {
  return json({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests });
}

function dockerEntry({
  config,
  layers,
}: {
  readonly config: TestContent;
  readonly layers: readonly TestContent[];
}): object {
  const path = ({ digest }: TestContent) => `blobs/sha256/${hexOf(digest)}`;
  return { Config: path(config), RepoTags: ['localhost/anything:latest'], Layers: layers.map(path) };
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
