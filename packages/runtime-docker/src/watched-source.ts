/** What is sent to an engine, watched: whether all of it went out, and why it broke off where it did. */
export interface WatchedSource {
  readonly bytes: AsyncIterable<Uint8Array>;
  isWhole(): boolean;
  /** The source's own failure: it says more than the engine's, which only sees a broken connection. */
  failure(): unknown;
}

export function watched(source: AsyncIterable<Uint8Array>): WatchedSource {
  let whole = false;
  let broken: unknown;
  return {
    bytes: (async function* () {
      try {
        yield* source;
        whole = true;
      } catch (error) {
        broken = error;
        throw error;
      }
    })(),
    isWhole: () => whole,
    failure: () => broken,
  };
}
