import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CodedError } from '../errors/coded-error.ts';
import type { Platform } from '../oci/platform.ts';
import type { ContainerRuntime } from '../runtime/container-runtime.ts';
import { guardRuntime } from '../runtime/guard-runtime.ts';
import { claimsChain } from '../runtime/match-image.ts';
import { createVerifiedStream } from '../runtime/verified-stream.ts';
import { memorySource } from './memory-source.ts';
import { type ContractTools, describeOptionalMembers } from './optional-members-contract.ts';
import { buildTestImage } from './test-image.ts';
import { verifiedTestImage } from './verified-test-image.ts';

/** An adapter under test, on a store of its own that is empty at first. */
export interface RuntimeUnderTest {
  readonly runtime: ContainerRuntime;
  dispose(): Promise<void>;
}

const REPOSITORY = 'registry.example.org/contract/sandbox';
const STABLE = `${REPOSITORY}:latest`;
const TEMPORARY = 'localhost/dangerzone-image/incoming:contract';

/** What every runtime must do, whatever it runs on. An adapter's test file calls this and adds its own oddities. */
export function describeRuntimeContract(name: string, setUp: () => Promise<RuntimeUnderTest>): void {
  describe(`runtime contract: ${name}`, () => {
    let under: RuntimeUnderTest;
    let runtime: ContainerRuntime;
    let platform: Platform;

    beforeEach(async () => {
      under = await setUp();
      runtime = guardRuntime(under.runtime);
      platform = (await runtime.info()).platform;
    });
    afterEach(() => under.dispose());

    const release: ContractTools['release'] = (seed, layers) => {
      const platforms = [platform, OTHER_PLATFORM];
      const test = buildTestImage({ created: '2026-01-02T03:04:05Z', seed, platforms, ...(layers && { layers }) });
      return { test, verified: verifiedTestImage(test, REPOSITORY, platform) };
    };
    const load: ContractTools['load'] = ({ test, verified }, as = STABLE) =>
      runtime.load(createVerifiedStream(verified, memorySource([test]), REPOSITORY), { name: as });
    const named: ContractTools['named'] = async (full) => {
      const repository = full.slice(0, full.lastIndexOf(':'));
      return (await runtime.images(repository)).find(({ names }) => names.includes(full));
    };

    it('has no image at first, and says which platform it runs', async () => {
      expect(await runtime.images(REPOSITORY)).toEqual([]);
      expect(platform.os).toBe('linux');
    });

    it('shows a loaded image under its name, with claims that fit the verified chain', async () => {
      const one = release('one');
      const loaded = await load(one);
      expect(loaded.names).toContain(STABLE);
      const found = await named(STABLE);
      expect(found && claimsChain(found, one.verified)).toBe(true);
      expect(found && claimsChain(found, release('two').verified)).toBe(false);
    });

    it('counts the bytes that went in, up to the size of the image', async () => {
      const one = release('one');
      const counts: number[] = [];
      await runtime.load(createVerifiedStream(one.verified, memorySource([one.test]), REPOSITORY), {
        name: STABLE,
        onBytes: (bytes) => counts.push(bytes),
      });
      expect(counts.at(-1)).toBe(one.verified.size);
    });

    it('does not list images of other repositories, however alike their names', async () => {
      await load(release('one'), `${REPOSITORY}-other:latest`);
      await load(release('two'), `${REPOSITORY}/below:latest`);
      expect(await runtime.images(REPOSITORY)).toEqual([]);
    });

    it('stores nothing of a stream that breaks off at its last layer', async () => {
      const { test, verified } = release('one');
      const last = verified.manifest.layers.at(-1)?.digest;
      const source = memorySource([test], (digest, bytes) => (digest === last ? Buffer.alloc(bytes.length) : bytes));
      await expect(
        runtime.load(createVerifiedStream(verified, source, REPOSITORY), { name: STABLE }),
      ).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
      expect(await runtime.images(REPOSITORY)).toEqual([]);
    });

    it('keeps the image that had the name when a later load breaks off', async () => {
      const [one, two] = [release('one'), release('two')];
      await load(one);
      const source = memorySource([two.test], (_, bytes) => bytes.subarray(1));
      await expect(
        runtime.load(createVerifiedStream(two.verified, source, REPOSITORY), { name: STABLE }),
      ).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
      const found = await named(STABLE);
      expect(found && claimsChain(found, one.verified)).toBe(true);
    });

    it('loads the same image twice without a second copy', async () => {
      await load(release('one'));
      await load(release('one'));
      expect(await runtime.images(REPOSITORY)).toHaveLength(1);
    });

    it('moves a name from one image to another', async () => {
      const [one, two] = [release('one'), release('two')];
      await load(one);
      const incoming = await load(two, TEMPORARY);
      await runtime.tag(incoming, STABLE);
      const found = await named(STABLE);
      expect(found && claimsChain(found, two.verified)).toBe(true);
    });

    it('takes off exactly the names that are listed, and keeps the image while one is left', async () => {
      const incoming = await load(release('one'), TEMPORARY);
      await runtime.tag(incoming, STABLE);
      await runtime.remove({ ...incoming, names: [TEMPORARY] });
      expect(await named(TEMPORARY)).toBeUndefined();
      expect(await named(STABLE)).toBeDefined();
    });

    it('removes an image with its last name, and leaves one that shares its layers loadable and listed', async () => {
      const [one, two] = [release('one'), release('two')];
      const old = await load(one, `${REPOSITORY}:old`);
      await load(two);
      await runtime.remove({ ...old, names: [`${REPOSITORY}:old`] });
      const left = await runtime.images(REPOSITORY);
      expect(left.map(({ names }) => names)).toEqual([[STABLE]]);
      expect(left[0] && claimsChain(left[0], two.verified)).toBe(true);
    });

    it('takes no name off that another image has by now', async () => {
      const [one, two] = [release('one'), release('two')];
      const old = await load(one);
      await runtime.tag(old, TEMPORARY);
      await load(two);
      await runtime.remove({ ...old, names: [STABLE] });
      const found = await named(STABLE);
      expect(found && claimsChain(found, two.verified)).toBe(true);
    });

    it('passes on why its source broke off', async () => {
      const { test, verified } = release('one');
      const source = memorySource([test], (digest, bytes) => {
        if (digest !== verified.manifest.layers.at(-1)?.digest) return bytes;
        throw new CodedError('REGISTRY_UNREACHABLE', 'cut');
      });
      await expect(
        runtime.load(createVerifiedStream(verified, source, REPOSITORY), { name: STABLE }),
      ).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE' });
      expect(await runtime.images(REPOSITORY)).toEqual([]);
    });

    it('loads an image that has one layer twice', async () => {
      const twice = release('twice', [{ first: '1' }, { second: '2' }, { first: '1' }]);
      await load(twice);
      const found = await named(STABLE);
      expect(found && claimsChain(found, twice.verified)).toBe(true);
    });

    it('does nothing when a name that is to go has gone already', async () => {
      const one = await load(release('one'));
      await runtime.remove(one);
      await runtime.remove(one);
      expect(await runtime.images(REPOSITORY)).toEqual([]);
    });

    describeOptionalMembers({
      get runtime() {
        return runtime;
      },
      repository: REPOSITORY,
      release,
      load,
      named,
    });
  });
}

const OTHER_PLATFORM: Platform = { os: 'linux', architecture: 's390x' };
