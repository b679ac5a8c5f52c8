import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createTestSigner } from '../testing/test-signer.ts';
import { builtInPublicRoot } from '../trust/public-root.ts';
import { builtInTrustedRoot } from '../trust/trusted-root.ts';
import { loadProfile } from './load-profile.ts';

const env = {};

/** A folder with a good profile, its keys, and a way to write another one. */
async function profileFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'profile-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const signer = createTestSigner({ image: 'registry.example.org/team/sandbox' });
  const write = async (name: string, content: string, mode = 0o600) => {
    await writeFile(join(folder, name), content, { mode });
    return join(folder, name);
  };
  await write('cosign.pub', signer.publicKeyPem);
  await write('rekor.pub', signer.logPublicKeyPem);
  const good = {
    name: 'example',
    image: 'registry.example.org/team/sandbox',
    keys: ['cosign.pub'],
    transparencyLog: { keys: ['rekor.pub'] },
  };
  const writeProfile = (members: object = {}) => write('profile.json', JSON.stringify({ ...good, ...members }));
  return { folder, signer, write, writeProfile, good };
}

/** The public trusted root with the first of its logs alone. */
function oneLogRoot(): Uint8Array {
  const root = JSON.parse(Buffer.from(builtInPublicRoot().bytes).toString());
  return Buffer.from(JSON.stringify({ ...root, tlogs: root.tlogs.slice(0, 1) }));
}

describe('the built-in profile', () => {
  it('pins Dangerzone’s image, production key, Rekor key and floor', async () => {
    const { image, tag, floor, trust, dangerzoneLogId } = await loadProfile(undefined, { env });
    expect({ image, tag, dangerzoneLogId }).toEqual({
      image: 'ghcr.io/freedomofpress/dangerzone/v1',
      tag: 'latest',
      dangerzoneLogId: 'c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d',
    });
    expect(floor).toEqual({ [dangerzoneLogId as string]: 2023689270 });
    expect(trust.logs.map(({ id }) => id)).toEqual([dangerzoneLogId]);
    expect(trust.keys.map(({ fileDigest }) => fileDigest)).toEqual([
      'f8d4fdda2a40d010a1d7d4024e78cecc14d9ab48c89301a901df960a0c47a074',
    ]);
    expect(trust).toMatchObject({ threshold: 1, image });
  });

  it('pins its log: no public trusted root is asked for', async () => {
    const publicRoot = async () => expect.unreachable();
    expect((await loadProfile(undefined, { env, publicRoot })).publicRoot).toBeUndefined();
  });

  it('is the only one, and a name that looks like a file is not taken for one', async () => {
    await expect(loadProfile('dangerzon', { env })).rejects.toMatchObject({ code: 'PROFILE_INVALID' });
  });
});

describe('a profile of one’s own', () => {
  it('names image, keys and log; the rest has defaults', async () => {
    const { writeProfile, signer } = await profileFolder();
    const profile = await loadProfile(await writeProfile(), { env });
    expect(profile).toMatchObject({
      name: 'example',
      isBuiltIn: false,
      tag: 'latest',
      floor: {},
      freshnessDays: 60,
      mirrors: [],
      trust: { threshold: 1 },
    });
    expect(profile.trust.keys[0]?.fingerprint).toBe(signer.fingerprint);
    expect(profile.dangerzoneLogId).toBeUndefined();
  });

  it('takes a key inline, and names its folder by the PEM text', async () => {
    const { writeProfile, signer } = await profileFolder();
    const profile = await loadProfile(await writeProfile({ keys: [signer.publicKeyPem] }), { env });
    expect(profile.trust.keys[0]?.fingerprint).toBe(signer.fingerprint);
  });

  it('counts the public Sigstore logs where it names none', async () => {
    const { writeProfile } = await profileFolder();
    const { trust } = await loadProfile(await writeProfile({ transparencyLog: undefined }), { env });
    expect(trust.logs).toEqual(builtInTrustedRoot().logs);
  });

  it('rests on the public trusted root that it is given, and says so', async () => {
    const { writeProfile } = await profileFolder();
    const publicRoot = { ...builtInPublicRoot(), origin: 'updated', bytes: oneLogRoot() } as const;
    const profile = await loadProfile(await writeProfile({ transparencyLog: undefined }), {
      env,
      publicRoot: async () => publicRoot,
    });
    expect(profile.publicRoot).toBe(publicRoot);
    expect(profile.trust.logs).toEqual(builtInTrustedRoot().logs.slice(0, 1));
  });

  it.each([
    ['log keys', { keys: ['rekor.pub'] }],
    ['a trusted root', { trustedRoot: 'root.json' }],
  ])('with %s of its own never asks for the public trusted root', async (_, transparencyLog) => {
    const { writeProfile, write } = await profileFolder();
    await write('root.json', Buffer.from(oneLogRoot()).toString());
    const publicRoot = async () => expect.unreachable();
    const profile = await loadProfile(await writeProfile({ transparencyLog }), { env, publicRoot });
    expect(profile.publicRoot).toBeUndefined();
    expect(profile.trust.logs).toHaveLength(1);
  });

  it.each([
    ['an unknown field', { colour: 'red' }, 'PROFILE_INVALID'],
    ['an unknown field of the log', { transparencyLog: { keys: ['rekor.pub'], url: 'x' } }, 'PROFILE_INVALID'],
    ['no key', { keys: [] }, 'PROFILE_INVALID'],
    ['an empty key path', { keys: [''] }, 'PROFILE_INVALID'],
    ['a key file that is missing', { keys: ['missing.pub'] }, 'PROFILE_INVALID'],
    ['a key listed twice', { keys: ['cosign.pub', 'cosign.pub'] }, 'PROFILE_INVALID'],
    ['a threshold of 0', { threshold: 0 }, 'PROFILE_INVALID'],
    ['a threshold of 1.5', { threshold: 1.5 }, 'PROFILE_INVALID'],
    ['an archive without a name', { bundledArchive: '' }, 'PROFILE_INVALID'],
    ['a threshold above the number of keys', { threshold: 2 }, 'PROFILE_INVALID'],
    ['an image with a tag', { image: 'registry.example.org/team/sandbox:latest' }, 'PROFILE_INVALID'],
    ['an image that is no reference', { image: '-v' }, 'REFERENCE_INVALID'],
    ['a tag that is none', { tag: '../x' }, 'REFERENCE_INVALID'],
    ['a floor without a log ID', { transparencyLog: { keys: ['rekor.pub'], floor: { rekor: 1 } } }, 'PROFILE_INVALID'],
    [
      'a floor below 0',
      { transparencyLog: { keys: ['rekor.pub'], floor: { ['0'.repeat(64)]: -1 } } },
      'PROFILE_INVALID',
    ],
    ['provenance of no repository', { provenance: { required: true } }, 'PROFILE_INVALID'],
    ['provenance of an empty repository', { provenance: { repository: '', required: true } }, 'PROFILE_INVALID'],
    ['provenance that is "demanded"', { provenance: { repository: 'o/r', required: 'true' } }, 'PROFILE_INVALID'],
  ])('with %s is refused', async (_, members, code) => {
    const { writeProfile } = await profileFolder();
    await expect(loadProfile(await writeProfile(members), { env })).rejects.toMatchObject({ code });
  });

  it('that demands provenance needs a public root for that, beside a log that it pins by its key', async () => {
    const { writeProfile } = await profileFolder();
    const publicRoot = async () => builtInPublicRoot();
    const transparencyLog = { keys: ['rekor.pub'] };
    const load = async (required: boolean) =>
      loadProfile(await writeProfile({ transparencyLog, provenance: { repository: 'o/r', required } }), {
        env,
        publicRoot,
      });
    const [without, demanding] = [await load(false), await load(true)];
    expect(without.provenanceRoot).toBeUndefined();
    expect(demanding.provenanceRoot?.certificateAuthorities).not.toHaveLength(0);
    expect(demanding.trust.logs).toEqual(without.trust.logs);
    expect(demanding.trust.root).toBeUndefined();
  });

  it('may name an archive beside it', async () => {
    const { writeProfile, folder } = await profileFolder();
    const profile = await loadProfile(await writeProfile({ bundledArchive: 'shipped/sandbox.tar' }), { env });
    expect(profile.bundledArchive).toBe(join(folder, 'shipped', 'sandbox.tar'));
    expect((await loadProfile(await writeProfile(), { env })).bundledArchive).toBeUndefined();
  });

  it('names the place of a mistake', async () => {
    const { writeProfile } = await profileFolder();
    const path = await writeProfile({ transparencyLog: { keys: ['rekor.pub'], url: 'x' } });
    await expect(loadProfile(path, { env })).rejects.toMatchObject({ details: { place: 'transparencyLog.url' } });
  });

  it.each(['profile.json', 'cosign.pub'])('is refused when other users may write to its %s', async (name) => {
    const { writeProfile, folder } = await profileFolder();
    const path = await writeProfile();
    await chmod(join(folder, name), 0o666);
    await expect(loadProfile(path, { env })).rejects.toMatchObject({ code: 'PROFILE_INVALID' });
  });

  it('is refused when it has a key twice in one object', async () => {
    const { write, good } = await profileFolder();
    const path = await write('profile.json', JSON.stringify(good).replace('{', '{"name":"other",'));
    await expect(loadProfile(path, { env })).rejects.toMatchObject({ code: 'PROFILE_INVALID' });
  });
});

describe('SIGSTORE_REKOR_PUBLIC_KEY (bad input 97)', () => {
  it('replaces a pinned log key, says so, and keeps the old one for what is stored', async () => {
    const { writeProfile, write } = await profileFolder();
    const other = createTestSigner();
    const path = await write('other.pub', other.logPublicKeyPem);
    const before = await loadProfile(await writeProfile(), { env });
    const profile = await loadProfile(await writeProfile(), { env: { SIGSTORE_REKOR_PUBLIC_KEY: path } });
    expect(profile.trust.logs.map(({ id }) => id)).toEqual([other.logId]);
    expect(profile.replacedLogs).toEqual(before.trust.logs);
    expect(profile.notices.join()).toContain(other.logId);
  });

  it('never replaces the public trusted root, and says that it has no effect', async () => {
    const { writeProfile, write } = await profileFolder();
    const path = await write('other.pub', createTestSigner().logPublicKeyPem);
    const profile = await loadProfile(await writeProfile({ transparencyLog: undefined }), {
      env: { SIGSTORE_REKOR_PUBLIC_KEY: path },
    });
    expect(profile.trust.logs).toEqual(builtInTrustedRoot().logs);
    expect(profile.notices).toHaveLength(1);
  });

  it.each([
    ['missing', undefined, 'PROFILE_INVALID'],
    ['no key', 'hello', 'KEY_INVALID'],
  ])('is an error when its file is %s', async (_, content, code) => {
    const { writeProfile, write, folder } = await profileFolder();
    const path = content === undefined ? join(folder, 'missing.pub') : await write('bad.pub', content);
    await expect(loadProfile(await writeProfile(), { env: { SIGSTORE_REKOR_PUBLIC_KEY: path } })).rejects.toMatchObject(
      { code },
    );
  });

  it.each(['SIGSTORE_ROOT_FILE', 'COSIGN_REPOSITORY', 'TUF_ROOT'])(
    '%s, which other software reads, has no effect',
    async (name) => {
      const { writeProfile } = await profileFolder();
      const path = await writeProfile();
      expect(await loadProfile(path, { env: { [name]: '/elsewhere' } })).toEqual(await loadProfile(path, { env }));
    },
  );
});
