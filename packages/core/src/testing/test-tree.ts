import { createHash } from 'node:crypto';

/** A Merkle tree (RFC 6962, section 2.1) over all leaves that were put into it so far. */
export interface TestTree {
  readonly size: number;
  /** Returns the index of the leaf. */
  add(leaf: Uint8Array): number;
  root(): Buffer;
  /** The hashes beside the way from a leaf to the root. */
  proof(index: number): Buffer[];
}

export function createTestTree(): TestTree {
  const leaves: Buffer[] = [];
  return {
    get size() {
      return leaves.length;
    },
    add: (leaf) => leaves.push(sha256(Buffer.of(0), leaf)) - 1,
    root: () => rootOf(leaves),
    proof: (index) => proofOf(leaves, index),
  };
}

function rootOf(leaves: readonly Buffer[]): Buffer {
  const [only] = leaves;
  if (only && leaves.length === 1) return only;
  const split = splitOf(leaves.length);
  return sha256(Buffer.of(1), rootOf(leaves.slice(0, split)), rootOf(leaves.slice(split)));
}

function proofOf(leaves: readonly Buffer[], index: number): Buffer[] {
  if (leaves.length <= 1) return [];
  const split = splitOf(leaves.length);
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split ? [...proofOf(left, index), rootOf(right)] : [...proofOf(right, index - split), rootOf(left)];
}

/** The largest power of two below a size. */
function splitOf(size: number): number {
  return 2 ** (Math.ceil(Math.log2(size)) - 1);
}

function sha256(...parts: readonly Uint8Array[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}
