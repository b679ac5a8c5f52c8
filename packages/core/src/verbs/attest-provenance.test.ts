import { describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import type { Digest } from '../oci/digest.ts';
import { hostPlatform } from '../oci/platform.ts';
import { parseReference } from '../oci/reference.ts';
import { githubJob, githubPredicate } from '../testing/github-job.ts';
import { createTestAttester, publishAttestations, type TestStatement } from '../testing/test-attester.ts';
import type { TestRegistryOptions } from '../testing/test-registry.ts';
import { parseTrustedRoot } from '../trust/trusted-root.ts';
import { attestInstalled, attestProvenance } from './attest-provenance.ts';
import { upgrade } from './upgrade.ts';
import { createVerbWorld, release } from './verb-world.test-support.ts';

const REPOSITORY = 'team/sandbox';
const expected = { repository: 'acme/sandbox' };
const platform = hostPlatform();
const one = release(1);
const own = one.manifestFor(platform).digest;
const other = one.manifests.find(({ digest }) => digest !== own)?.digest as Digest;

/** A registry with one image, whose digests are attested as a test says. */
async function createWorld(attested: readonly Digest[], options: TestRegistryOptions = {}) {
  const world = await createVerbWorld({}, options);
  const attester = createTestAttester();
  const attest = (digest: Digest, change: Partial<TestStatement> = {}) =>
    attester.attest({
      digest,
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: githubPredicate(),
      signer: githubJob(),
      ...change,
    });
  world.publish(one);
  for (const digest of attested) publishAttestations(world.registry, REPOSITORY, digest, [attest(digest)]);
  const trustedRoot = parseTrustedRoot(attester.trustedRoot, 'of the test');
  const context = { ...world.context, trustedRoot };
  const ask = (suffix = ':latest', given: object = expected) =>
    attestProvenance(context, { reference: parseReference(`${world.image}${suffix}`), platform, expected: given });
  return { ...world, context, attest, ask };
}

describe('attest-provenance of a tag', () => {
  it('looks for the index and for the manifest that is run here, and says which is attested', async () => {
    const [ofIndex, ofManifest] = [await createWorld([one.digest]), await createWorld([own])];
    expect(await ofIndex.ask()).toMatchObject({
      status: 'verified',
      image: { name: ofIndex.image, tag: 'latest', digest: one.digest, index: one.digest, manifest: own },
      attestations: [{ verdict: 'accepted', digest: one.digest, claims: { repository: 'acme/sandbox' } }],
    });
    expect(await ofManifest.ask()).toMatchObject({ image: { digest: own, index: one.digest } });
  });

  it('bad input 112: does not count what is attested of another platform', async () => {
    const { ask } = await createWorld([other]);
    await expect(ask()).rejects.toMatchObject({ code: 'PROVENANCE_MISSING' });
  });

  it('looks for the index alone where it has no image for this machine', async () => {
    const { context, image } = await createWorld([one.digest]);
    const reference = parseReference(`${image}:latest`);
    const elsewhere = { os: 'linux', architecture: 's390x' };
    const { image: facts } = await attestProvenance(context, { reference, platform: elsewhere, expected });
    expect(facts).toEqual({ name: image, tag: 'latest', digest: one.digest, index: one.digest });
  });

  it('lists all attestations, the one that counts first', async () => {
    const { ask, registry, attest } = await createWorld([]);
    const sbom = { predicateType: 'https://spdx.dev/Document', predicate: {} };
    const foreign = {
      predicate: githubPredicate({ repository: 'evil/x' }),
      signer: githubJob({ repository: 'evil/x' }),
    };
    const all = [attest(one.digest, sbom), attest(one.digest, foreign), attest(one.digest)];
    publishAttestations(registry, REPOSITORY, one.digest, all);
    const { attestations } = await ask();
    expect(attestations.map(({ verdict }) => verdict)).toEqual(['accepted', 'other', 'refused']);
  });

  it('bad input 98: is refused where nothing is attested but other things', async () => {
    const { ask, registry, attest } = await createWorld([]);
    await expect(ask()).rejects.toMatchObject({ code: 'PROVENANCE_MISSING' });
    const sbom = attest(one.digest, { predicateType: 'https://spdx.dev/Document', predicate: {} });
    publishAttestations(registry, REPOSITORY, one.digest, [sbom]);
    await expect(ask()).rejects.toMatchObject({
      code: 'PROVENANCE_MISSING',
      details: { attestations: [{ verdict: 'other', predicateType: 'https://spdx.dev/Document' }] },
    });
  });

  it('bad input 100: is refused where the attestation under its tag is about another image', async () => {
    const { ask, registry, attest } = await createWorld([]);
    publishAttestations(registry, REPOSITORY, one.digest, [attest(release(2).digest)]);
    await expect(ask()).rejects.toMatchObject({
      code: 'PROVENANCE_REJECTED',
      details: { attestations: [{ verdict: 'invalid', reason: 'statement-other-digest' }] },
    });
  });
});

describe('attest-provenance of a digest', () => {
  it('is about exactly that one', async () => {
    const { ask } = await createWorld([one.digest, other]);
    expect(await ask(`@${one.digest}`)).toMatchObject({ image: { digest: one.digest } });
    expect(await ask(`@${other}`)).toMatchObject({ image: { digest: other, manifest: other } });
    await expect(ask(`@${own}`)).rejects.toMatchObject({ code: 'PROVENANCE_MISSING' });
  });

  it('bad input 112: what is attested of itself is told, and no neighbour that would do better', async () => {
    const { ask, registry, attest } = await createWorld([own]);
    const foreign = attest(one.digest, {
      predicate: githubPredicate({ repository: 'evil/x' }),
      signer: githubJob({ repository: 'evil/x' }),
    });
    publishAttestations(registry, REPOSITORY, one.digest, [foreign]);
    const error = await ask(`@${one.digest}`).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'PROVENANCE_REJECTED', message: expect.not.stringContaining(own) });
  });

  it('bad input 112: is not verified by its neighbour, which is named', async () => {
    const { ask, image } = await createWorld([own]);
    await expect(ask(`@${one.digest}`)).rejects.toMatchObject({
      code: 'PROVENANCE_MISSING',
      message: expect.stringContaining(own),
      suggestions: [`Ask about that one: ${image}@${own}`],
    });
    expect(await ask(`@${own}`)).toMatchObject({ image: { digest: own } });
  });
});

describe('a look-up of attestations that fails', () => {
  const failing = (path: RegExp): TestRegistryOptions => ({
    fault: (request) => (path.test(request.path) ? { status: 403, body: Buffer.from('{}') } : undefined),
  });

  it('is told, and never read as "none"', async () => {
    const { ask } = await createWorld([], failing(/\.att$/));
    const error = await ask().catch((reason: unknown) => reason);
    expect(codeOf(error)).toMatch(/^REGISTRY_/);
  });

  it('does no harm where the others suffice', async () => {
    const { ask } = await createWorld([one.digest], failing(new RegExp(`sha256-${own.slice(7)}`)));
    expect(await ask()).toMatchObject({ image: { digest: one.digest } });
  });
});

describe('what is expected', () => {
  const provenance = { repository: 'acme/sandbox', workflow: '.github/workflows/other.yml' };

  it('is what the profile says of its own image, where nothing else is said', async () => {
    const { context, image } = await createWorld([one.digest]);
    const reference = parseReference(`${image}:latest`);
    const ask = (profile: object, given: object) =>
      attestProvenance(
        { ...context, profile: { ...context.profile, ...profile } },
        { reference, platform, expected: given },
      );
    expect(await ask({ provenance: expected }, {})).toMatchObject({ status: 'verified' });
    await expect(ask({ provenance }, {})).rejects.toMatchObject({ details: { claim: 'workflow' } });
    expect(await ask({ provenance }, { workflow: '.github/workflows/release.yml' })).toMatchObject({
      status: 'verified',
    });
    expect(await ask({ provenance }, expected)).toMatchObject({ status: 'verified' });
    await expect(ask({}, {})).rejects.toMatchObject({ code: 'USAGE' });
    await expect(ask({ provenance: expected, image: 'registry.example.org/other' }, {})).rejects.toMatchObject({
      code: 'USAGE',
    });
  });

  it('bad input 108: is never nothing', async () => {
    const { ask, registry } = await createWorld([one.digest]);
    registry.requests.length = 0;
    for (const given of [{}, { branch: 'main' }, { repository: '' }])
      await expect(ask(':latest', given)).rejects.toMatchObject({ code: 'USAGE' });
    expect(registry.requests).toEqual([]);
  });
});

describe('attest-provenance of what is installed', () => {
  it('matches and verifies it as verify-local does, and asks the registry for attestations alone', async () => {
    const { context, registry, publish } = await createWorld([own]);
    await upgrade(context);
    publish(release(2));
    registry.requests.length = 0;
    const result = await attestInstalled(context, { expected });
    expect(result).toMatchObject({ image: { digest: own, index: one.digest, manifest: own, tag: 'latest' } });
    expect(registry.requests.every((line) => /\.att$|referrers|sha256-[0-9a-f]{64}$|blobs/.test(line))).toBe(true);
  });

  it('is refused where nothing is installed, or something else', async () => {
    const { context, image } = await createWorld([own]);
    await expect(attestInstalled(context, { expected })).rejects.toMatchObject({ code: 'IMAGE_NOT_INSTALLED' });
    await upgrade(context);
    const digest = release(2).digest;
    const asked = { image: parseReference(`${image}@${digest}`), expected };
    await expect(attestInstalled(context, asked)).rejects.toMatchObject({ code: 'IMAGE_NOT_VERIFIED' });
    const another = { image: parseReference('registry.example.org/other'), expected };
    await expect(attestInstalled(context, another)).rejects.toMatchObject({ code: 'USAGE' });
  });
});
