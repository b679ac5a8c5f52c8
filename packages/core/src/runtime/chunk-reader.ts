import { CodedError } from '../errors/coded-error.ts';

/** Reads a stream by counts of bytes. What is passed on are the stream's own chunks or views of them: nothing is kept. */
export class ChunkReader implements AsyncDisposable {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = Buffer.alloc(0);
  #read = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** How many bytes went out so far. */
  get position(): number {
    return this.#read;
  }

  /** At most this many bytes and at least one; nothing at the end of the stream. */
  async some(most: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const next = await this.#chunks.next();
      if (next.done) return undefined;
      this.#rest = next.value;
    }
    const bytes = this.#rest.subarray(0, most);
    this.#rest = this.#rest.subarray(bytes.length);
    this.#read += bytes.length;
    return bytes;
  }

  /** Exactly this many, chunk by chunk. */
  async *stretch(size: number): AsyncGenerator<Uint8Array> {
    for (let left = size; left > 0; ) {
      const bytes = await this.some(left);
      if (!bytes) throw new CodedError('RUNTIME_FAILED', `the export ends at byte ${this.#read}, ${left} too early`);
      left -= bytes.length;
      yield bytes;
    }
  }

  /** Exactly this many at once: for what is small. */
  async whole(size: number): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.stretch(size)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }

  /** Tells the stream that nobody wants the rest. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#chunks.return?.();
  }
}
