import { escapeControls } from '@dangerzone-image/core/errors';
import { describeEvent, isMovement } from './describe-event.ts';
import type { LineWriter, Progress } from './progress-output.ts';
import { TransferMeter } from './transfer-meter.ts';

const SILENCE_MS = 10_000;

/** For a log file: a line per event, and of a transfer one every tenth or every ten seconds. */
export function plainLines(stderr: LineWriter, now: () => number): Progress {
  const meter = new TransferMeter(now);
  let last = { tenth: 0, time: now() };
  return {
    report(event) {
      if (!isMovement(event)) return void stderr.write(`${escapeControls(describeEvent(event))}\n`);
      const line = meter.describe(event);
      const tenth = event.total > 0 ? Math.floor((event.bytes / event.total) * 10) : 10;
      if (tenth === last.tenth && now() - last.time < SILENCE_MS) return;
      last = { tenth, time: now() };
      stderr.write(`${line}\n`);
    },
    end() {},
  };
}
