import { escapeControls } from '@dangerzone-image/core/errors';
import type { ProgressStyle } from '../options/verb-options.ts';
import { describeEvent } from './describe-event.ts';
import { jsonLines } from './json-lines.ts';
import { plainLines } from './plain-lines.ts';
import type { LineWriter, Progress } from './progress-output.ts';
import { rewrittenLine } from './rewritten-line.ts';

export interface ProgressOptions {
  readonly style: ProgressStyle;
  readonly isQuiet: boolean;
  readonly isDebug: boolean;
  readonly stderr: LineWriter;
  readonly now: () => number;
}

export function createProgress({ style, isQuiet, isDebug, stderr, now }: ProgressOptions): Progress {
  const shown = progressOf(style, stderr, now);
  return {
    report(event) {
      // --debug asks for the decisions, whatever else is silent.
      if (event.type === 'decision' ? isDebug : !isQuiet) shown.report(event);
    },
    end: () => shown.end(),
  };
}

function progressOf(style: ProgressStyle, stderr: LineWriter, now: () => number): Progress {
  if (style === 'json') return jsonLines(stderr, now);
  if (style === 'none') return warningsOnly(stderr);
  return style === 'auto' && stderr.isTTY === true ? rewrittenLine(stderr, now) : plainLines(stderr, now);
}

/** No progress, yet still what the user must know. */
function warningsOnly(stderr: LineWriter): Progress {
  return {
    report(event) {
      if (event.type === 'notice' || event.type === 'decision')
        stderr.write(`${escapeControls(describeEvent(event))}\n`);
    },
    end() {},
  };
}
