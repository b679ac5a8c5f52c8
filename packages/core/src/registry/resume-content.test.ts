import { describe, expect, it } from 'vitest';
import { digestOf } from '../oci/digest.ts';
import { readVerified } from '../source/read-verified.ts';
import { startTestRegistry } from '../testing/test-registry.ts';
import type { Fault, FaultHook, ReceivedRequest } from '../testing/test-registry-fault.ts';
import { openRegistry } from './open-registry.ts';
import { recordPauses } from './retry-policy.test-support.ts';

const repository = 'team/sandbox';
const blob = Buffer.from(Array.from({ length: 100_000 }, (_, at) => (at * 7 + (at >> 8)) & 0xff));
const other = Buffer.alloc(blob.length, 'x');
const cut = Math.floor(blob.length * 0.6);

async function start(fault?: FaultHook, { content = blob } = {}) {
  const registry = await startTestRegistry(fault ? { fault } : {});
  registry.putBlob(repository, content);
  const { policy, pauses } = recordPauses();
  const source = openRegistry({ origin: new URL(registry.origin), env: {}, retry: policy });
  const wanted = { kind: 'blob', repository, digest: digestOf(content), size: content.length } as const;
  const read = (size: number | undefined = content.length) =>
    readVerified(source, { ...wanted, ...(size !== undefined && { size }), limit: 2 * content.length });
  const ranges = () => registry.received.map(({ headers }) => headers.range);
  return { registry, source, wanted, pauses, read, ranges, [Symbol.asyncDispose]: registry.close };
}

/** Faults in the order of the requests. */
const inTurn =
  (...faults: readonly (Fault | undefined)[]): FaultHook =>
  ({ earlier }: ReceivedRequest) =>
    faults[earlier];

describe('a blob whose connection is cut', () => {
  it('acceptance 11: goes on where it was cut at 60 %, and asks for nothing twice', async () => {
    await using started = await start(inTurn({ resetAfter: cut }));
    expect(await started.read()).toEqual(blob);
    expect(started.ranges()).toEqual([undefined, `bytes=${cut}-`]);
    expect(started.pauses).toEqual([300]);
  });

  it('goes on after several cuts, also where its size is not known', async () => {
    await using started = await start(inTurn({ resetAfter: 10_000 }, { resetAfter: 10_000 }, { resetAfter: 10_000 }));
    expect(await started.read(undefined)).toEqual(blob);
    expect(started.ranges()).toEqual([undefined, 'bytes=10000-', 'bytes=20000-', 'bytes=30000-']);
  });

  it('does not lose patience while it gets on', async () => {
    const content = Buffer.alloc(3 * 1024 * 1024, 'layer');
    await using started = await start(() => ({ resetAfter: 300 * 1024 }), { content });
    expect(await started.read()).toEqual(content);
    expect(started.ranges().length).toBe(11);
    expect(new Set(started.pauses)).toEqual(new Set([300]));
  });

  it('is complete when its last byte came, whatever the connection does then', async () => {
    await using started = await start(inTurn({ resetAfter: blob.length, contentLength: blob.length + 1 }));
    expect(await started.read()).toEqual(blob);
    expect(started.ranges()).toEqual([undefined]);
  });

  it('asks for the rest of the same thing where the registry names it strongly', async () => {
    await using started = await start(({ earlier }) => ({
      headers: { etag: '"abc"' },
      ...(earlier === 0 && { resetAfter: cut }),
    }));
    await started.read();
    expect(started.registry.received[1]?.headers['if-range']).toBe('"abc"');
  });

  it.each(['W/"abc"', 'abc', '"a\u00e9"', '"'])('makes no condition of the entity tag %s', async (etag) => {
    await using started = await start(inTurn({ resetAfter: cut, headers: { etag } }));
    expect(await started.read()).toEqual(blob);
    expect(started.registry.received[1]?.headers['if-range']).toBeUndefined();
  });

  it('passes over what it has where the registry begins anew', async () => {
    await using started = await start(inTurn({ resetAfter: cut }, { status: 200, body: blob, headers: whole }));
    expect(await started.read()).toEqual(blob);
  });

  it.each([
    ['begin anew with other bytes', { status: 200, body: other, headers: whole }],
    ['go on with other bytes', { body: other.subarray(cut) }],
  ])('leaves it to the digest when the registry would %s', async (_name, fault) => {
    await using started = await start(inTurn({ resetAfter: cut }, fault));
    await expect(started.read()).rejects.toMatchObject({ code: 'DIGEST_MISMATCH' });
  });

  it.each([
    ['from an earlier byte', `bytes ${cut - 1}-${blob.length - 1}/${blob.length}`],
    ['from the first byte', `bytes 0-${blob.length - 1}/${blob.length}`],
    ['of something longer', `bytes ${cut}-${blob.length}/${blob.length + 1}`],
    ['in other units', `lines ${cut}-${blob.length - 1}/${blob.length}`],
    ['of two ranges', `bytes ${cut}-${cut}/${blob.length}, 0-1/${blob.length}`],
    ['without end', `bytes ${cut}-${'9'.repeat(400)}/*`],
    ['of nothing', ''],
    ['unsaid', undefined],
  ])('bad input 3: refuses a part %s', async (_name, contentRange) => {
    await using started = await start(inTurn({ resetAfter: cut }, { headers: { 'content-range': contentRange } }));
    await expect(started.read()).rejects.toMatchObject({ code: 'REGISTRY_ANSWER_INVALID' });
    expect(started.ranges()).toHaveLength(2);
  });

  it.each<[string, Fault, number, string]>([
    ['is cut before the headers', { resetAfter: -1 }, 4, 'broken'],
    ['is cut again and again', { resetAfter: 1000 }, 4, 'broken'],
    ['ends before its time', { contentLength: 1000 }, 4, 'short'],
  ])('bad input 3: a blob that %s ends as unreachable', async (_name, fault, requests, reason) => {
    await using started = await start(() => fault);
    await expect(started.read()).rejects.toMatchObject({ code: 'REGISTRY_UNREACHABLE', details: { reason } });
    expect(started.ranges()).toHaveLength(requests);
  });

  it('bad input 3: a blob that has no such part is refused', async () => {
    await using started = await start(inTurn({ resetAfter: cut }, { status: 416 }));
    await expect(started.read()).rejects.toMatchObject({
      code: 'REGISTRY_ANSWER_INVALID',
      details: { reason: 'range' },
    });
    expect(started.ranges()).toHaveLength(2);
  });

  it('does not try again what is no fault of the connection', async () => {
    await using started = await start(inTurn({ resetAfter: cut }, { status: 404 }));
    await expect(started.read()).rejects.toMatchObject({ code: 'IMAGE_NOT_FOUND' });
    expect(started.pauses).toEqual([300]);
  });

  it('follows the redirect again with the range, and without anything else', async () => {
    await using storage = await startTestRegistry({ fault: inTurn({ resetAfter: cut, headers: { etag: '"s"' } }) });
    storage.putBlob(repository, blob);
    const location = `${storage.origin}/v2/${repository}/blobs/${digestOf(blob)}`;
    await using started = await start(() => ({ status: 307, headers: { location }, body: '' }));
    expect(await started.read()).toEqual(blob);
    expect(storage.received[1]?.headers).toMatchObject({ range: `bytes=${cut}-`, 'if-range': '"s"' });
  });

  it('stops at its limit over all parts together', async () => {
    await using started = await start(inTurn({ resetAfter: cut, contentLength: cut + 1 }));
    const { size: _size, ...sizeless } = started.wanted;
    const reading = (async () => {
      for await (const _chunk of started.source.fetch({ ...sizeless, limit: blob.length - 1 }));
    })();
    await expect(reading).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(started.ranges()).toEqual([undefined, `bytes=${cut}-`]);
  });
});

const whole = { 'content-range': undefined, 'content-length': undefined };

describe('fetchFrom', () => {
  it('begins where it is told to', async () => {
    await using started = await start();
    const [origin] = started.source.origins ?? [];
    const chunks: Uint8Array[] = [];
    for await (const chunk of origin?.fetchFrom({ ...started.wanted, limit: blob.length }, cut) ?? [])
      chunks.push(chunk);
    expect(Buffer.concat(chunks)).toEqual(blob.subarray(cut));
    expect(started.ranges()).toEqual([`bytes=${cut}-`]);
  });

  it.each([true, false])(
    'gives a chunk’s memory back when two others were handed out since, where that was agreed: %s',
    async (isTransient) => {
      await using started = await start(undefined, { content: Buffer.alloc(3 * 1024 * 1024, 'layer') });
      const { size } = started.wanted;
      const [origin] = started.source.origins ?? [];
      const chunks: Uint8Array[] = [];
      let bytes = 0;
      for await (const chunk of origin?.fetchFrom({ ...started.wanted, limit: size }, 0, { isTransient }) ?? []) {
        chunks.push(chunk);
        bytes += chunk.length;
        expect(chunks.at(-2)?.length).not.toBe(0); // the last two are whole
      }
      const kept = chunks.reduce((sum, { length }) => sum + length, 0);
      expect(bytes).toBe(size);
      if (isTransient) expect(kept).toBeLessThan(size / 2);
      else expect(kept).toBe(size);
    },
  );
});
