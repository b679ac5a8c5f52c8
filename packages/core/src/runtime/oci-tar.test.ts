import { describe, expect, it } from 'vitest';
import { digestOf, hexOf } from '../oci/digest.ts';
import { hostPlatform } from '../oci/platform.ts';
import { memorySource } from '../testing/memory-source.ts';
import { buildTestImage } from '../testing/test-image.ts';
import { verifiedTestImage } from '../testing/verified-test-image.ts';
import { ociTar } from './oci-tar.ts';
import { tarHeader } from './tar-header.ts';
import { createVerifiedStream } from './verified-stream.ts';

const REPOSITORY = 'registry.example.org/team/sandbox';
const NAME = 'localhost/dangerzone-image/test:incoming';
const image = buildTestImage({ created: '2026-01-02T03:04:05Z' });
const verified = verifiedTestImage(image, REPOSITORY, hostPlatform());

async function collect(tar: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of tar) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Name and content of each member; a tar whose sizes or checksums are off does not read. */
function membersOf(tar: Buffer): Map<string, Buffer> {
  const members = new Map<string, Buffer>();
  let at = 0;
  while (tar[at] !== 0) {
    const name = tar.toString('latin1', at, tar.indexOf(0, at));
    const size = Number.parseInt(tar.toString('latin1', at + 124, at + 135), 8);
    members.set(name, tar.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  expect(tar.subarray(at)).toEqual(Buffer.alloc(1024));
  return members;
}

const write = (options?: Parameters<typeof ociTar>[2]) =>
  ociTar(createVerifiedStream(verified, memorySource([image]), REPOSITORY), NAME, options);

describe('an image as a tar', () => {
  it('has every blob under its digest, then the documents, and last what makes it an image', async () => {
    const members = membersOf(await collect(write()));
    const names = [...members.keys()];
    expect(names.slice(-2)).toEqual(['oci-layout', 'index.json']);
    for (const [name, bytes] of members) {
      if (name.startsWith('blobs/')) expect(name).toBe(`blobs/sha256/${hexOf(digestOf(bytes))}`);
    }
    const index = JSON.parse(members.get('index.json')?.toString() ?? '');
    expect(index.manifests).toMatchObject([
      {
        digest: image.digest,
        annotations: { 'org.opencontainers.image.ref.name': NAME, 'io.containerd.image.name': NAME },
      },
    ]);
  });

  it('has Docker’s manifest.json over the same blobs only where it is asked for', async () => {
    expect([...membersOf(await collect(write())).keys()]).not.toContain('manifest.json');
    const members = membersOf(await collect(write({ withDockerManifest: true })));
    const [entry] = JSON.parse(members.get('manifest.json')?.toString() ?? '');
    expect(entry.RepoTags).toEqual([NAME]);
    for (const path of [entry.Config, ...entry.Layers]) expect([...members.keys()]).toContain(path);
  });

  it('is the same bytes for the same image', async () => {
    expect(await collect(write())).toEqual(await collect(write()));
  });

  it('breaks off before anything that names the image when a blob is wrong', async () => {
    const source = memorySource([image], (digest, bytes) =>
      digest === verified.manifest.layers.at(-1)?.digest ? Buffer.alloc(bytes.length) : bytes,
    );
    const seen: Buffer[] = [];
    const reading = async () => {
      for await (const chunk of ociTar(createVerifiedStream(verified, source, REPOSITORY), NAME))
        seen.push(Buffer.from(chunk));
    };
    await expect(reading()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
    expect(Buffer.concat(seen).toString('latin1')).not.toMatch(/oci-layout|index\.json|manifests/);
  });

  it.each(['sandbox:latest', 'localhost/x', `localhost/x@sha256:${'0'.repeat(64)}`])(
    'takes no name that an engine would read as another: %s',
    async (name) => {
      const tar = ociTar(createVerifiedStream(verified, memorySource([image]), REPOSITORY), name);
      await expect(collect(tar)).rejects.toMatchObject({ code: 'REFERENCE_INVALID' });
    },
  );

  it('says sizes from 8 GiB on in base 256', () => {
    const size = 8 ** 11;
    expect(Buffer.from(tarHeader('x', size - 1)).toString('latin1', 124, 135)).toBe('77777777777');
    const field = Buffer.from(tarHeader('x', size)).subarray(124, 136);
    expect(field[0]).toBe(0x80);
    expect(field.readBigUInt64BE(4)).toBe(BigInt(size));
  });
});
