import type { EngineEvent } from './engine-events.ts';

/** Bytes that a pull fetched so far: the sum over its layers, which Docker tells one by one and may tell again. */
export function pullProgress(size: number, onBytes: (bytes: number) => void): (event: EngineEvent) => void {
  const layers = new Map<string, number>();
  let told = 0;
  return ({ id, status, progressDetail }) => {
    // Unpacking has bytes of its own on one store and seconds on the other: neither is content.
    const current = status === 'Downloading' ? progressDetail?.current : undefined;
    if (id === undefined || current === undefined) return;
    layers.set(id, Math.max(current, layers.get(id) ?? 0));
    const sum = Math.min(
      size,
      [...layers.values()].reduce((total, bytes) => total + bytes, 0),
    );
    if (sum <= told) return;
    told = sum;
    onBytes(sum);
  };
}
