export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** Of a POST. */
  readonly body?: string;
  /** On a connection of its own: nobody can have put an answer there in advance. */
  readonly isFresh: boolean;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  /** What was really asked, after redirects. */
  readonly url: URL;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Raw bytes: nothing is decompressed. Fails with the signal's reason or REGISTRY_UNREACHABLE. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Lets go of a body that is not wanted, or not wanted any more. */
  discard(): void;
}

/** One request, one answer: redirects, log-in and the meaning of a status are for others. */
export type SendRequest = (request: HttpRequest) => Promise<HttpAnswer>;
