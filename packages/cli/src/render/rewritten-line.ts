import { escapeControls } from '@dangerzone-image/core/errors';
import { describeEvent, isMovement } from './describe-event.ts';
import type { LineWriter, Progress } from './progress-output.ts';
import { TransferMeter } from './transfer-meter.ts';

const REDRAW_MS = 100;
const CLEAR = '\r\u001b[K';

/** For a terminal: one line that is written over; what must stay readable scrolls up above it. */
export function rewrittenLine(stderr: LineWriter, now: () => number): Progress {
  const meter = new TransferMeter(now);
  let drawnAt = Number.NEGATIVE_INFINITY;
  const draw = (line: string): void => {
    // A line that wraps could not be written over.
    stderr.write(`${CLEAR}${line.slice(0, (stderr.columns ?? 80) - 1)}`);
  };
  return {
    report(event) {
      if (isMovement(event)) {
        const line = meter.describe(event);
        if (now() - drawnAt < REDRAW_MS && event.bytes < event.total) return;
        drawnAt = now();
        return draw(line);
      }
      const line = escapeControls(describeEvent(event));
      if (event.type === 'step' || event.type === 'waiting' || event.type === 'hash') return draw(line);
      stderr.write(`${CLEAR}${line}\n`);
    },
    end: () => void stderr.write(CLEAR),
  };
}
