import { createHash } from 'node:crypto';
import { mkdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf, hexOf, mediaTypes, parseReference } from '@dangerzone-image/core';
import { createTestSigner, publishBundles, referrersTag, signatureTag } from '@dangerzone-image/core/testing';
import { describe, expect, it } from 'vitest';
import { amd64, arm64, createArchiveWorld, readTar, release } from './archive-world.test-support.ts';
import { prepareArchive } from './prepare-archive.ts';

const toolVersion = '1.2.3';
const V03 = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const bundle = (text: string) => ({ mediaType: V03, bytes: Buffer.from(JSON.stringify({ mediaType: V03, text })) });
type Bundle = ReturnType<typeof bundle>;
const describeBytes = (mediaType: string, bytes: Buffer) => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.length,
});

function parse(members: ReadonlyMap<string, Buffer>, name: string) {
  return JSON.parse(members.get(name)?.toString() ?? 'null');
}

describe('prepareArchive', () => {
  it('writes the image with its signatures, the index above it and theirs', async () => {
    const { context, publish, output, folder, image, events } = await createArchiveWorld();
    const published = release(1);
    publish(published);
    const result = await prepareArchive(context, { platforms: [arm64], output, toolVersion });
    const file = join(folder, 'arm64.tar');
    expect(result).toMatchObject({
      verb: 'prepare-archive',
      status: 'created',
      image: { name: image, tag: 'latest', digest: published.digest, platform: 'linux/arm64' },
      file,
      bytes: (await stat(file)).size,
    });
    expect(result).not.toHaveProperty('archives');

    const members = readTar(await readFile(file));
    const manifest = published.manifestFor(arm64);
    const index = parse(members, './index.json');
    const all = parse(members, './dangerzone.json');
    expect(index.manifests).toEqual([
      {
        mediaType: manifest.mediaType,
        digest: manifest.digest,
        size: manifest.bytes.length,
        annotations: {
          kind: 'dev.cosignproject.cosign/image',
          'org.opencontainers.image.ref.name': `${image}:latest`,
          'io.containerd.image.name': `${image}:latest`,
        },
      },
    ]);
    const kinds = all.manifests.map((entry: { annotations: { kind: string } }) => entry.annotations.kind);
    const sigs = 'dev.cosignproject.cosign/sigs';
    expect(kinds).toEqual(['dev.cosignproject.cosign/image', sigs, sigs]);
    expect(parse(members, './manifest.json')).toEqual([
      {
        Config: `blobs/sha256/${hexOf(manifest.config.digest)}`,
        RepoTags: [`${image}:latest`],
        Layers: manifest.layers.map(({ digest }) => `blobs/sha256/${hexOf(digest)}`),
      },
    ]);
    for (const [name, bytes] of members) {
      const [, hex] = /^\.\/blobs\/sha256\/([0-9a-f]{64})$/.exec(name) ?? [];
      if (hex) expect(createHash('sha256').update(bytes).digest('hex')).toBe(hex);
    }
    expect(members.get(`./blobs/sha256/${hexOf(published.digest)}`)).toEqual(published.index.bytes);
    const total = manifest.layers.reduce((sum, { bytes }) => sum + bytes.length, 0);
    expect(events.filter(({ type }) => type === 'download').at(-1)).toEqual({ type: 'download', bytes: total, total });
  });

  it("passes the rules of Dangerzone's own tool", async () => {
    const { context, publish, output, folder, image, signer, registry } = await createArchiveWorld();
    const foreign = createTestSigner({ image });
    const published = release(1);
    publish(published, { signers: [foreign, signer] });
    for (const about of [published.digest, published.manifestFor(amd64).digest])
      publishBundles(registry, 'team/sandbox', about, [bundle('one'), bundle('other')], referrersTag(about));
    await prepareArchive(context, { platforms: [amd64], output, toolVersion });
    const members = readTar(await readFile(join(folder, 'amd64.tar')));
    const [index, all] = [parse(members, './index.json'), parse(members, './dangerzone.json')];
    const isImage = ({ annotations: { kind } }: { annotations: { kind: string } }) => /\/image(Index)?$/.test(kind);
    expect({ ...all, manifests: all.manifests.filter(isImage) }).toEqual(index);
    expect(index.manifests).toHaveLength(1);
    expect(all.manifests).toHaveLength(3); // the image and two lists of signatures: bundles are unlisted
    expect([...members.values()].filter((bytes) => bytes.includes('"subject"'))).toHaveLength(4);
    const blob = (digest: string) => parse(members, `./blobs/sha256/${digest.slice(7)}`);
    const first = all.manifests.find((entry: { annotations: { kind: string } }) =>
      /\/sigs$/.test(entry.annotations.kind),
    );
    const layers = blob(first.digest).layers;
    expect(layers).toHaveLength(1); // the foreign one would be refused there
    for (const { digest, annotations } of layers) {
      const { critical } = blob(digest);
      expect(critical.image['docker-manifest-digest']).toBe(index.manifests[0].digest);
      expect(critical.identity['docker-reference']).toBe(image);
      const { Payload } = JSON.parse(annotations['dev.sigstore.cosign/bundle']);
      const body = JSON.parse(Buffer.from(Payload.body, 'base64').toString());
      expect(body.spec.signature.content).toBe(annotations['dev.cosignproject.cosign/signature']);
    }
  });

  it('has the index for the image where only that is signed', async () => {
    const { context, publish, output, folder } = await createArchiveWorld();
    const published = release(1);
    publish(published, { signPlatforms: false });
    await prepareArchive(context, { platforms: [amd64], output, toolVersion });
    const members = readTar(await readFile(join(folder, 'amd64.tar')));
    const { manifests } = parse(members, './index.json');
    expect(manifests).toMatchObject([
      { digest: published.digest, annotations: { kind: 'dev.cosignproject.cosign/imageIndex' } },
    ]);
    expect(parse(members, './dangerzone.json').manifests).toHaveLength(2);
    expect(members.has(`./blobs/sha256/${hexOf(published.manifestFor(amd64).digest)}`)).toBe(true);
  });

  it('carries attestations as they are, and leaves out malformed ones with a word', async () => {
    const { context, publish, output, folder, registry, events } = await createArchiveWorld();
    const published = release(1);
    publish(published);
    const { digest } = published.manifestFor(amd64);
    const [config, envelope] = [Buffer.from('{}'), Buffer.from('{"payloadType":"application/vnd.in-toto+json"}')];
    for (const blob of [config, envelope]) registry.putBlob('team/sandbox', blob);
    const attestations = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: mediaTypes.ociManifest,
        config: describeBytes(mediaTypes.ociConfig, config),
        layers: [describeBytes('application/vnd.dsse.envelope.v1+json', envelope)],
      }),
    );
    const tagOf = (of: typeof digest) => signatureTag(of).replace(/sig$/, 'att');
    registry.putManifest('team/sandbox', attestations, mediaTypes.ociManifest, tagOf(digest));
    registry.putManifest('team/sandbox', Buffer.from('{}'), mediaTypes.ociManifest, tagOf(published.digest));
    await prepareArchive(context, { platforms: [amd64], output, toolVersion });
    const members = readTar(await readFile(join(folder, 'amd64.tar')));
    const { manifests } = parse(members, './dangerzone.json');
    expect(manifests).toHaveLength(4);
    expect(manifests[3]).toMatchObject({
      digest: digestOf(attestations),
      annotations: { kind: 'dev.cosignproject.cosign/atts' },
    });
    for (const bytes of [attestations, config, envelope])
      expect(members.get(`./blobs/sha256/${hexOf(digestOf(bytes))}`)).toEqual(bytes);
    expect(events).toContainEqual({ type: 'notice', message: expect.stringContaining('left out') });
  });

  it('carries what proves a newer trusted root, where there is one, ahead of everything that is long', async () => {
    const { context, publish, output, folder } = await createArchiveWorld();
    publish(release(1));
    const tuf = new Map([
      ['1.root.json', Buffer.from('{"root":1}')],
      [`targets/${'a'.repeat(64)}.trusted_root.json`, Buffer.from('{"trusted":1}')],
    ]);
    await prepareArchive(context, { platforms: [amd64], output, toolVersion, tuf });
    const members = readTar(await readFile(join(folder, 'amd64.tar')));
    for (const [name, bytes] of tuf) expect(members.get(`./tuf/${name}`)).toEqual(bytes);
    expect([...members.keys()].indexOf('./tuf/1.root.json')).toBe(4);
  });

  it('carries the bundles of what is in the file, each with a manifest about it, and none of an index that is not', async () => {
    const { context, publish, output, folder, registry } = await createArchiveWorld({ referrersApi: {} });
    const published = release(1);
    publish(published);
    registry.deleteTag('team/sandbox', signatureTag(published.digest));
    const { digest, bytes, mediaType } = published.manifestFor(amd64);
    publishBundles(registry, 'team/sandbox', digest, [bundle('of the manifest')]);
    publishBundles(registry, 'team/sandbox', published.digest, [bundle('of the index')]);
    await prepareArchive(context, { platforms: [amd64], output, toolVersion });
    const members = readTar(await readFile(join(folder, 'amd64.tar')));
    const documents = [...members.values()].filter((content) => content.includes('"subject"'));
    expect(documents.map((document) => JSON.parse(document.toString()))).toEqual([
      {
        schemaVersion: 2,
        mediaType: mediaTypes.ociManifest,
        artifactType: V03,
        config: describeBytes('application/vnd.oci.empty.v1+json', Buffer.from('{}')),
        layers: [describeBytes(V03, bundle('of the manifest').bytes)],
        subject: { mediaType, digest, size: bytes.length },
      },
    ]);
    expect(members.get(`./blobs/sha256/${hexOf(digestOf(bundle('of the manifest').bytes))}`)).toBeDefined();
    expect(members.has(`./blobs/sha256/${hexOf(digestOf(bundle('of the index').bytes))}`)).toBe(false);
  });

  it.each([
    ['is denied', { status: 403, body: '' }],
    ['fails', { status: 500, body: '' }],
    ['gives rubbish', { status: 200, body: '{' }],
  ])(
    'bad input 13: leaves bundles out with a word where their look-up %s: the image is signed all the same',
    async (_name, fault) => {
      const { context, publish, output, folder, events } = await createArchiveWorld({
        fault: ({ path }) => (path.includes('/referrers/') ? fault : undefined),
      });
      publish(release(1));
      await prepareArchive(context, { platforms: [amd64], output, toolVersion });
      expect(readTar(await readFile(join(folder, 'amd64.tar'))).size).toBeGreaterThan(0);
      const notices = events.filter(({ type }) => type === 'notice');
      expect(notices).toEqual(
        Array(2).fill({ type: 'notice', message: expect.stringContaining('Bundles are left out') }),
      );
    },
  );

  it('writes nothing when it is interrupted while it looks for bundles', async () => {
    const controller = new AbortController();
    const { context, publish, output, files } = await createArchiveWorld({
      fault: ({ path }) => {
        if (path.includes('/referrers/')) controller.abort(new Error('Ctrl-C'));
        return undefined;
      },
    });
    publish(release(1));
    const preparing = prepareArchive(
      { ...context, signal: controller.signal },
      { platforms: [amd64], output, toolVersion },
    );
    await expect(preparing).rejects.toThrow('Ctrl-C');
    expect(await files()).toEqual([]);
  });

  it('never takes a bug for a look-up that failed', async () => {
    const { context, publish, output, files } = await createArchiveWorld();
    publish(release(1));
    const findBundles = async () => Promise.reject(new TypeError('bug'));
    const broken = { ...context, source: { ...context.source, findBundles } };
    await expect(prepareArchive(broken, { platforms: [amd64], output, toolVersion })).rejects.toThrow('bug');
    expect(await files()).toEqual([]);
  });

  it('leaves out an index that nobody signed', async () => {
    const { context, publish, output, folder, registry } = await createArchiveWorld();
    const published = release(1);
    publish(published);
    registry.deleteTag('team/sandbox', signatureTag(published.digest));
    const { image } = await prepareArchive(context, { platforms: [amd64], output, toolVersion });
    const { digest } = published.manifestFor(amd64);
    expect(image).toMatchObject({ digest, index: published.digest });
    const members = readTar(await readFile(join(folder, 'amd64.tar')));
    expect(parse(members, './dangerzone.json').manifests).toHaveLength(2);
    expect(members.has(`./blobs/sha256/${hexOf(published.digest)}`)).toBe(false);
  });

  it('bad input 151: gives the same bytes for the same image, twice and on another machine', async () => {
    const { context, publish, folder } = await createArchiveWorld();
    publish(release(1));
    const bytesOf = async (name: string, more = {}) => {
      await prepareArchive({ ...context, ...more }, { platforms: [amd64], output: join(folder, name), toolVersion });
      return readFile(join(folder, name));
    };
    const first = await bytesOf('a.tar');
    expect(await bytesOf('b.tar', { state: { path: join(folder, 'state', 'other') } })).toEqual(first);
    expect(await bytesOf('a.tar')).toEqual(first);
  });

  it('bad input 151: gives the same bytes for the same bundles, however a registry lists them', async () => {
    const { context, publish, folder, registry } = await createArchiveWorld();
    const published = release(1);
    publish(published);
    const bytesOf = async (bundles: readonly Bundle[]) => {
      for (const about of [published.digest, published.manifestFor(amd64).digest])
        publishBundles(registry, 'team/sandbox', about, bundles, referrersTag(about));
      await prepareArchive(context, { platforms: [amd64], output: join(folder, 'x.tar'), toolVersion });
      return readFile(join(folder, 'x.tar'));
    };
    const [one, two, three] = ['one', 'two', 'three'].map((text) => bundle(text)) as [Bundle, Bundle, Bundle];
    const first = await bytesOf([one, two, three]);
    expect(await bytesOf([three, one, two, one])).toEqual(first);
    expect(await bytesOf([one, two])).not.toEqual(first);
  });

  it('reads the tag once for several platforms, and writes one file each', async () => {
    const { context, publish, output, files, registry } = await createArchiveWorld();
    publish(release(1));
    const result = await prepareArchive(context, { platforms: [amd64, arm64, amd64], output, toolVersion });
    expect(await files()).toEqual(['amd64.tar', 'arm64.tar']);
    expect(result.archives?.map(({ image }) => image.platform)).toEqual(['linux/amd64', 'linux/arm64']);
    expect(registry.requests.filter((line) => line.endsWith('/manifests/latest'))).toHaveLength(1);
  });

  it('has no name for an image that was asked for by its digest', async () => {
    const { context, publish, output, folder, image } = await createArchiveWorld();
    const { digest } = publish(release(1));
    publish(release(2));
    const reference = parseReference(`${image}@${digest}`);
    const result = await prepareArchive(context, { platforms: [amd64], output, reference, toolVersion });
    expect(result.image).toMatchObject({ digest });
    expect(result.image).not.toHaveProperty('tag');
    const members = readTar(await readFile(join(folder, 'amd64.tar')));
    expect(parse(members, './manifest.json')[0].RepoTags).toBeNull();
    expect(parse(members, './index.json').manifests[0].annotations).toEqual({ kind: 'dev.cosignproject.cosign/image' });
  });

  it.each([
    ['an unsigned image', 'SIGNATURE_MISSING', false],
    ['a signature of somebody else', 'SIGNATURE_FOREIGN', true],
  ])('bad input 152: refuses %s with nothing written', async (_name, code, isForeign) => {
    const { context, publish, output, files, image } = await createArchiveWorld();
    publish(release(1), { signers: isForeign ? [createTestSigner({ image })] : [] });
    await expect(prepareArchive(context, { platforms: [amd64], output, toolVersion })).rejects.toMatchObject({ code });
    expect(await files()).toEqual([]);
  });

  it('writes nothing at all when one of several platforms is not there', async () => {
    const { context, publish, output, files } = await createArchiveWorld();
    publish(release(1));
    const platforms = [amd64, { os: 'linux', architecture: 's390x' }];
    const preparing = prepareArchive(context, { platforms, output, toolVersion });
    await expect(preparing).rejects.toMatchObject({ code: 'PLATFORM_NOT_FOUND' });
    expect(await files()).toEqual([]);
  });

  it('refuses what a tag offers below the floor, and writes what was named by its digest, with a word', async () => {
    const { context, publish, output, files, profile, log, image, events } = await createArchiveWorld();
    const { digest } = publish(release(1));
    const raised = { ...context, profile: { ...profile, floor: { [log.id]: Number.MAX_SAFE_INTEGER } } };
    const options = { platforms: [amd64], output, toolVersion };
    await expect(prepareArchive(raised, options)).rejects.toMatchObject({ code: 'ROLLBACK_REFUSED' });
    expect(await files()).toEqual([]);
    await prepareArchive(raised, { ...options, reference: parseReference(`${image}@${digest}`) });
    expect(await files()).toEqual(['amd64.tar']);
    expect(events).toContainEqual({ type: 'notice', message: expect.stringContaining('--force') });
  });

  it('fails when the look-up of the platform’s own signatures fails: an archive without them would be a poorer one', async () => {
    const world = await createArchiveWorld({
      fault: ({ path }) => (path.endsWith(refused) ? { status: 403, body: '' } : undefined),
    });
    const published = release(1);
    const refused = `/manifests/${signatureTag(published.manifestFor(amd64).digest)}`;
    world.publish(published);
    const options = { platforms: [amd64], output: world.output, toolVersion };
    await expect(prepareArchive(world.context, options)).rejects.toMatchObject({ code: 'REGISTRY_DENIED' });
  });

  it('refuses two platforms for one file', async () => {
    const { context, publish, folder, registry } = await createArchiveWorld();
    publish(release(1));
    const output = join(folder, 'x.tar');
    const preparing = prepareArchive(context, { platforms: [amd64, arm64], output, toolVersion });
    await expect(preparing).rejects.toMatchObject({ code: 'USAGE' });
    expect(registry.requests).toEqual([]);
  });

  it('bad input 151: replaces a file and a symbolic link at the place, and refuses anything else', async () => {
    const { context, publish, folder, registry } = await createArchiveWorld();
    publish(release(1));
    const prepare = (name: string) =>
      prepareArchive(context, { platforms: [amd64], output: join(folder, name), toolVersion });
    await writeFile(join(folder, 'victim'), 'kept');
    await symlink('victim', join(folder, 'link.tar'));
    await prepare('link.tar');
    expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('kept');
    await expect(readlink(join(folder, 'link.tar'))).rejects.toMatchObject({ code: 'EINVAL' });
    await writeFile(join(folder, 'old.tar'), 'old');
    await prepare('old.tar');
    expect((await stat(join(folder, 'old.tar'))).size).toBeGreaterThan(10_000);
    await mkdir(join(folder, 'dir.tar'));
    registry.requests.length = 0;
    await expect(prepare('dir.tar')).rejects.toMatchObject({ code: 'USAGE' });
    await expect(prepare('missing/x.tar')).rejects.toMatchObject({ code: 'USAGE' });
    await expect(prepare('victim/x.tar')).rejects.toMatchObject({ code: 'USAGE' });
    expect(registry.requests).toEqual([]);
    await symlink('victim', join(folder, 'x.tar.part'));
    await expect(prepare('x.tar')).rejects.toMatchObject({ code: 'USAGE' });
    expect(await readFile(join(folder, 'victim'), 'utf8')).toBe('kept');
  });
});
