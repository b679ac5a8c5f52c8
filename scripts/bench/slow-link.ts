import { setTimeout } from 'node:timers/promises';
import type { FaultHook } from '../../packages/core/dist/testing/index.js';

/** A request as it passed the link; times in milliseconds of this process. */
export interface PassedRequest {
  readonly line: string;
  readonly isNewConnection: boolean;
  readonly begin: number;
  readonly end: number;
}

/** The way to a registry that is far away. */
export interface SlowLink {
  roundTripMs: number;
  readonly passed: PassedRequest[];
  readonly hook: FaultHook;
}

/**
 * What is modelled: an answer's first byte comes one round trip late, and the first on a connection one more, for TCP's
 * handshake. What is not: TLS (one round trip more on each new connection), the name look-up, bandwidth, loss. So a
 * start-up weighs more here than against a real registry, never less.
 */
export function createSlowLink(): SlowLink {
  const known = new Set<number>();
  const link: SlowLink = {
    roundTripMs: 0,
    passed: [],
    async hook({ method, path, connection }) {
      const begin = performance.now();
      const isNewConnection = !known.has(connection);
      known.add(connection);
      if (link.roundTripMs > 0) await setTimeout(link.roundTripMs * (isNewConnection ? 2 : 1));
      link.passed.push({ line: `${method} ${path}`, isNewConnection, begin, end: performance.now() });
      return undefined;
    },
  };
  return link;
}
