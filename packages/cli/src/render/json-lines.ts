import { isMovement } from './describe-event.ts';
import { jsonLine } from './json-line.ts';
import type { LineWriter, Progress } from './progress-output.ts';

const INTERVAL_MS = 100;

/** For a program: an event per line, and of a transfer no more than somebody could look at. */
export function jsonLines(stderr: LineWriter, now: () => number): Progress {
  let toldAt = Number.NEGATIVE_INFINITY;
  return {
    report(event) {
      if (isMovement(event)) {
        if (now() - toldAt < INTERVAL_MS && event.bytes < event.total) return;
        toldAt = now();
      }
      stderr.write(jsonLine(event));
    },
    end() {},
  };
}
