import { Worker } from 'node:worker_threads';
import type { Digest } from '@dangerzone-image/core';

/** Hashes parts of one open file on a thread of its own: on the main one it would be half of the time (performance.md). */
export interface RegionHasher {
  /** A part that begins here; nothing of it is hashed yet. */
  begin(at: number): HashedRegion;
  /** Ends the thread: after this the file may be closed. */
  close(): Promise<void>;
}

export interface HashedRegion {
  /** So many bytes of the region are in the file now. They are read back: what is hashed is what was written. */
  advance(bytes: number): void;
  /** Begins again: what was written is not what was wanted. */
  restart(): void;
  digest(): Promise<Digest>;
}

type Order =
  | { readonly do: 'begin'; readonly region: number; readonly at: number }
  | { readonly do: 'advance' | 'digest'; readonly region: number; readonly bytes: number };

export function hashRegions(fd: number): RegionHasher {
  const worker = new Worker(`(${hashOnOrder})()`, { eval: true, workerData: fd });
  const waiting: { resolve(digest: Digest): void; reject(error: unknown): void }[] = [];
  let failure: unknown;
  const fail = (error: unknown) => {
    failure ??= error;
    for (const { reject } of waiting.splice(0)) reject(failure);
  };
  worker.on('message', (digest: Digest) => waiting.shift()?.resolve(digest));
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('the hashing thread ended')));
  const order = (message: Order) => worker.postMessage(message);
  let regions = 0;
  return {
    begin(at) {
      const region = regions++;
      let length = 0;
      const restart = () => {
        length = 0;
        order({ do: 'begin', region, at });
      };
      restart();
      return {
        restart,
        advance(bytes) {
          length = bytes;
          order({ do: 'advance', region, bytes });
        },
        // Answers come in the order of the questions.
        digest: () =>
          new Promise((resolve, reject) => {
            if (failure !== undefined) return reject(failure);
            waiting.push({ resolve, reject });
            order({ do: 'digest', region, bytes: length });
          }),
      };
    },
    async close() {
      await worker.terminate();
    },
  };
}

/** The thread. It is handed over as text, so that it is in every bundle: it must name nothing from outside itself. */
function hashOnOrder(): void {
  const { createHash } = process.getBuiltinModule('node:crypto');
  const { readSync } = process.getBuiltinModule('node:fs');
  const { parentPort, workerData: fd } = process.getBuiltinModule('node:worker_threads');
  const buffer = Buffer.allocUnsafe(1024 * 1024);
  const regions = new Map<number, { hash: ReturnType<typeof createHash>; at: number; done: number }>();
  parentPort?.on('message', (order: Order) => {
    if (order.do === 'begin') {
      regions.set(order.region, { hash: createHash('sha256'), at: order.at, done: 0 });
      return;
    }
    const region = regions.get(order.region);
    if (!region) throw new Error('no such region');
    while (region.done < order.bytes) {
      const most = Math.min(buffer.length, order.bytes - region.done);
      const read = readSync(fd, buffer, 0, most, region.at + region.done);
      if (read === 0) throw new Error('the file is shorter than what was written to it');
      region.hash.update(buffer.subarray(0, read));
      region.done += read;
    }
    if (order.do === 'digest') parentPort.postMessage(`sha256:${region.hash.copy().digest('hex')}`);
  });
}
