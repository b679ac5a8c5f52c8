import { describe, expect, it } from 'vitest';
import { mediaTypes } from '../oci/descriptor.ts';
import { digestOf } from '../oci/digest.ts';
import { parseReference } from '../oci/reference.ts';
import { publishSignatures, signatureManifest, signatureTag } from '../testing/signature-manifest.ts';
import { startTestRegistry } from '../testing/test-registry.ts';
import { endlessBody, type FaultHook } from '../testing/test-registry-fault.ts';
import { createTestSigner } from '../testing/test-signer.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import { pinnedLog } from '../trust/transparency-log.ts';
import { verifySignatures } from '../verify/verify-signatures.ts';
import { openRegistry } from './open-registry.ts';
import { withoutPause } from './retry-policy.test-support.ts';

const repository = 'team/sandbox';
const image = `registry.example.org/${repository}`;
const reference = parseReference(image);
const digest = digestOf(Buffer.from('an image'));
const signer = createTestSigner({ image });

async function start(fault?: FaultHook) {
  const registry = await startTestRegistry(fault ? { fault } : {});
  const source = openRegistry({ origin: new URL(registry.origin), env: {}, retry: withoutPause });
  const find = () => source.findSignatures(reference, digest);
  /** Puts a changed signature manifest under the tag. */
  const publish = (
    change: (manifest: { layers: Record<string, unknown>[] }) => void,
    signatures = [signer.sign({ digest })],
  ) => {
    publishSignatures(registry, repository, digest, signatures);
    const manifest = JSON.parse(Buffer.from(signatureManifest(signatures).bytes).toString());
    change(manifest);
    registry.putManifest(
      repository,
      Buffer.from(JSON.stringify(manifest)),
      mediaTypes.ociManifest,
      signatureTag(digest),
    );
  };
  return { registry, find, publish, [Symbol.asyncDispose]: registry.close };
}

describe('findSignatures', () => {
  it('finds what cosign wrote: payload, signature and log entry', async () => {
    await using started = await start();
    const signatures = [signer.sign({ digest }), signer.sign({ digest, payload: Buffer.from('another') })];
    publishSignatures(started.registry, repository, digest, signatures);
    const found = await started.find();
    expect(
      found.map(({ payload, signature, bundle }) => ({
        payload: Buffer.from(payload),
        signature,
        bundle: { ...(bundle as object) },
      })),
    ).toEqual(signatures.map(({ payload, signature, bundle }) => ({ payload, signature, bundle })));
    const read = (pem: string) => parsePublicKey(Buffer.from(pem), 'test key');
    const trust = {
      image,
      keys: [read(signer.publicKeyPem)],
      threshold: 1,
      logs: [pinnedLog(read(signer.logPublicKeyPem))],
    };
    expect(verifySignatures(found, digest, trust).verdicts.map(({ verdict }) => verdict)).toEqual([
      'accepted',
      'invalid',
    ]);
  });

  it('fetches a payload once, however many signatures are over it', async () => {
    await using started = await start();
    publishSignatures(started.registry, repository, digest, [
      signer.sign({ digest }),
      signer.sign({ digest }),
      signer.sign({ digest }),
    ]);
    expect(await started.find()).toHaveLength(3);
    expect(started.registry.requests).toHaveLength(2);
  });

  it('bad input 49: no signature manifest is an empty list', async () => {
    await using started = await start();
    expect(await started.find()).toEqual([]);
  });

  it('bad input 49: no layers, and layers without a signature, are unsigned with a text each', async () => {
    await using started = await start();
    const messages: string[] = [];
    const findNone = () =>
      started.find().catch((error: Error & { code: string }) => {
        expect(error.code).toBe('SIGNATURE_MISSING');
        messages.push(error.message);
      });
    started.publish((manifest) => manifest.layers.splice(0));
    await findNone();
    started.publish((manifest) => delete manifest.layers[0]?.annotations);
    await findNone();
    expect(new Set(messages).size).toBe(2);
  });

  it('passes over layers of another type and layers without a signature beside a good one', async () => {
    await using started = await start();
    started.publish(
      ({ layers }) => {
        delete layers[0]?.annotations;
        Object.assign(layers[1] ?? {}, { mediaType: 'application/vnd.dsse.envelope.v1+json' });
      },
      [signer.sign({ digest }), signer.sign({ digest }), signer.sign({ digest })],
    );
    expect(await started.find()).toHaveLength(1);
  });

  it('bad input 65: a signature without a log entry has none', async () => {
    await using started = await start();
    const { payload, signature } = signer.sign({ digest });
    publishSignatures(started.registry, repository, digest, [{ payload, signature }]);
    expect(await started.find()).toEqual([{ payload, signature, bundle: undefined }]);
  });

  it.each(['{', '', '{"a":1,"A":2}', '['.repeat(1000)])(
    'keeps a signature whose log entry is %j, as one that verification refuses',
    async (bundle) => {
      await using started = await start();
      const good = signer.sign({ digest });
      publishSignatures(started.registry, repository, digest, [{ ...good, bundle }, good]);
      const found = await started.find();
      expect(found.map((signature) => signature.bundle === null)).toEqual([true, false]);
    },
  );

  it('bad input 36: finds no signature under a key that every object has', async () => {
    await using started = await start();
    started.publish(({ layers }) =>
      Object.assign(layers[0] ?? {}, { annotations: { constructor: 'x', toString: 'y' } }),
    );
    await expect(started.find()).rejects.toMatchObject({ code: 'SIGNATURE_MISSING' });
  });

  it.each([
    [50, undefined],
    [51, 'LIMIT_EXCEEDED'],
  ])('bad input 63: %i signatures', async (count, code) => {
    await using started = await start();
    started.publish(({ layers }) => layers.push(...Array(count - 1).fill(layers[0])));
    if (code) await expect(started.find()).rejects.toMatchObject({ code });
    else expect(await started.find()).toHaveLength(count);
    expect(started.registry.requests).toHaveLength(code ? 1 : 2);
  });

  it.each([
    ['announced with 2 GiB', 2 ** 31, false],
    ['announced with 200 bytes, 2 GiB served', 200, true],
  ])('bad input 16: refuses a payload %s', async (_name, size, isEndless) => {
    const fault = { headers: { 'content-length': undefined }, body: endlessBody('{') };
    await using started = await start(({ path }) => (isEndless && path.includes('blobs') ? fault : undefined));
    started.publish(({ layers }) => Object.assign(layers[0] ?? {}, { size }));
    await expect(started.find()).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  it('bad input 38: refuses a payload whose size is not as announced', async () => {
    await using started = await start();
    started.publish(({ layers }) => Object.assign(layers[0] ?? {}, { size: 200 }));
    await expect(started.find()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it('bad input 56: refuses a payload that does not match its digest', async () => {
    await using started = await start(({ path }) => (path.includes('blobs') ? { body: '{}' } : undefined));
    publishSignatures(started.registry, repository, digest, [signer.sign({ digest })]);
    await expect(started.find()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it.each([
    ['401', { status: 401 }, 'REGISTRY_ANSWER_INVALID'],
    ['403', { status: 403 }, 'REGISTRY_DENIED'],
    ['429', { status: 429 }, 'REGISTRY_UNREACHABLE'],
    ['500', { status: 500 }, 'REGISTRY_UNREACHABLE'],
    ['a broken connection', { resetAfter: -1 }, 'REGISTRY_UNREACHABLE'],
    ['a web page', { status: 200, headers: { 'content-type': 'text/html' } }, 'REGISTRY_ANSWER_INVALID'],
    ['an index', { status: 200, body: '{"schemaVersion":2,"manifests":[]}' }, 'MANIFEST_INVALID'],
    ['no JSON', { status: 200, body: '{' }, 'MANIFEST_INVALID'],
  ])('never reads %s as "no signatures"', async (_name, fault, code) => {
    await using started = await start(() => fault);
    await expect(started.find()).rejects.toMatchObject({ code });
  });

  it('never reads a missing payload as "no signatures"', async () => {
    await using started = await start(({ path }) => (path.includes('blobs') ? { status: 404 } : undefined));
    publishSignatures(started.registry, repository, digest, [signer.sign({ digest })]);
    await expect(started.find()).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
  });
});
