import type { ContentOrigin, ImageSource } from './image-source.ts';

/** The places that a source's content comes from; a source that names none is one, read from its beginning. */
export function originsOf(source: ImageSource): readonly ContentOrigin[] {
  return (
    source.origins ?? [
      { location: source.location, fetchFrom: (content, from, options) => skip(source.fetch(content, options), from) },
    ]
  );
}

async function* skip(chunks: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  for await (const chunk of chunks) {
    const rest = chunk.subarray(Math.min(left, chunk.length));
    left -= chunk.length - rest.length;
    if (rest.length > 0) yield rest;
  }
}
