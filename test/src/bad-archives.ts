import { hostPlatform } from '@dangerzone-image/core';
import {
  createTestSigner,
  type TestArchiveOptions,
  type TestImage,
  type TestMember,
  testArchiveMembers,
} from '@dangerzone-image/core/testing';
import { release, type World } from './world.ts';

/** A later release's archive that must not come in. */
export interface BadArchive {
  readonly title: string;
  readonly code: string;
  members(world: World): readonly TestMember[];
}

const text = ({ bytes = Buffer.alloc(0) }: TestMember) => Buffer.from(bytes).toString();
const sizeOf = ({ bytes }: TestMember) => bytes?.length ?? 0;

/** With this image's name wherever an engine reads one: loaded by an engine alone, it takes the sandbox's place. */
export function namedAsInstalled(members: readonly TestMember[], image: string): readonly TestMember[] {
  const name = `${image}:latest`;
  const annotations = { 'org.opencontainers.image.ref.name': name, 'io.containerd.image.name': name };
  return members.map((member) => {
    if (member.name === './manifest.json')
      return { ...member, bytes: Buffer.from(text(member).replace('localhost/anything:latest', name)) };
    if (member.name !== './index.json' && member.name !== './dangerzone.json') return member;
    const list = JSON.parse(text(member));
    list.manifests[0].annotations = { ...list.manifests[0].annotations, ...annotations };
    return { ...member, bytes: Buffer.from(JSON.stringify(list)) };
  });
}

/** One platform’s manifest and nothing above it: an index in it would belong to nobody. */
function bare(image: TestImage, options: TestArchiveOptions): readonly TestMember[] {
  const index = image.digest.slice('sha256:'.length);
  return testArchiveMembers(image, options).filter(({ name }) => !name.endsWith(index));
}

export const unsigned = (image: TestImage): readonly TestMember[] => bare(image, {});

const signed = ({ signer }: World, image = release(2)) => testArchiveMembers(image, { signers: [signer] });

/** One blob of it, its largest, in another way; undefined takes it out. */
function withBlob(members: readonly TestMember[], how: (blob: TestMember) => TestMember | undefined): TestMember[] {
  const largest = members.reduce((left, right) => (sizeOf(right) > sizeOf(left) ? right : left));
  return members.flatMap((member) => (member === largest ? (how(member) ?? []) : member));
}

const manifestOf = (image: TestImage) => image.manifestFor(hostPlatform()).digest;

export const badArchives: readonly BadArchive[] = [
  { title: 'nobody signed it', code: 'SIGNATURE_MISSING', members: () => unsigned(release(2)) },
  {
    title: 'another signed it',
    code: 'SIGNATURE_FOREIGN',
    members: ({ image }) => testArchiveMembers(release(2), { signers: [createTestSigner({ image })] }),
  },
  {
    title: 'it is signed for another name',
    code: 'SIGNATURE_INVALID',
    members: ({ signer }) => testArchiveMembers(release(2), { signers: [signer], image: 'example.com/team/other' }),
  },
  {
    title: 'its signatures are of another release',
    code: 'ARCHIVE_INVALID',
    members: ({ signer }) => bare(release(2, 'evil'), { signers: [signer], signed: [manifestOf(release(2))] }),
  },
  {
    title: 'it is for another platform',
    code: 'PLATFORM_MISMATCH',
    members: ({ signer }) => {
      const architecture = hostPlatform().architecture === 'arm64' ? 'amd64' : 'arm64';
      return testArchiveMembers(release(2), { signers: [signer], platform: { os: 'linux', architecture } });
    },
  },
  {
    title: 'a blob is not what its name says',
    code: 'DIGEST_MISMATCH',
    members: (world) =>
      withBlob(signed(world), (blob) => ({ ...blob, bytes: Buffer.from(blob.bytes ?? []).reverse() })),
  },
  {
    title: 'a blob is missing',
    code: 'ARCHIVE_INVALID',
    members: (world) => withBlob(signed(world), () => undefined),
  },
  {
    title: 'a blob is a link out of it',
    code: 'ARCHIVE_INVALID',
    members: (world) => withBlob(signed(world), ({ name }) => ({ name, type: '2', link: '/etc/hostname' })),
  },
  {
    title: 'docker-archive’s list names another image than the signed one',
    code: 'ARCHIVE_INVALID',
    members: (world) => {
      const mine = signed(world).filter(({ name }) => name !== './manifest.json');
      const names = new Set(mine.map(({ name }) => name));
      return [...mine, ...unsigned(release(3, 'evil')).filter(({ name }) => !names.has(name))];
    },
  },
];
