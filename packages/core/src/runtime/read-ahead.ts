/**
 * The same chunks, each worked out while the consumer is busy with the one before: a hash takes the processor while the
 * disk or the engine takes bytes. Of the source a chunk must be good until the next but one is asked for, so that to the
 * consumer it is until the next is.
 */
export async function* readAhead(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  let next = chunks.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = consumerFirst().then(() => chunks.next());
      next.catch(() => {}); // nobody may ask for it any more: whoever does is told
      yield value;
    }
  } finally {
    await chunks.return?.();
  }
}

/** Work on the next chunk holds the thread: the consumer must have begun to write the one before by then. */
function consumerFirst(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
