import { Writable } from 'node:stream';

/** The next chunk is asked for when the system has taken the one before: only then may its memory be used again. */
export function chunkByChunk(target: Writable): Writable {
  const source = new Writable({
    highWaterMark: 1,
    write: (chunk, _encoding, taken) => target.write(chunk, taken),
    final: (taken) => target.end(taken),
    destroy(error, done) {
      if (error) target.destroy(error);
      done(error);
    },
  });
  target.on('error', (error) => source.destroy(error));
  target.once('close', () => source.destroy());
  return source;
}
