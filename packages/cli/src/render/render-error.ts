import { escapeControls, exitCodeOf } from '@dangerzone-image/core/errors';
import type { Invocation } from '../process/invocation.ts';
import { jsonLine } from './json-line.ts';
import { type Reason, reasonIn } from './reason-of.ts';

export interface RenderedError {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

interface ErrorReport extends Reason {
  readonly details: unknown;
}

/** An error for a person, or for a program. A stack trace only with --debug, and never on stdout. */
export function renderError(error: unknown, invocation: Invocation): RenderedError {
  const report = reportOf(error, invocation);
  const exitCode = exitCodeOf(report.code);
  const trace = invocation.isDebug ? traceOf(error) : '';
  if (invocation.isJson)
    return { stdout: jsonLine({ schema: 1, verb: invocation.verb, error: report }), stderr: trace, exitCode };
  const lines = [`❌ ${report.code}: ${report.message}`, ...report.suggestions.map((suggestion) => `→ ${suggestion}`)];
  return { stdout: '', stderr: `${lines.map(escapeControls).join('\n')}\n${trace}`, exitCode };
}

function reportOf(error: unknown, invocation: Invocation): ErrorReport {
  const reason = reasonIn(error);
  if (!reason) return bugReport(error, invocation);
  const { details } = error as { details?: unknown };
  return { ...reason, details: typeof details === 'object' && details !== null ? details : {} };
}

/** Not one of ours: a bug in this tool or in an adapter. */
function bugReport(error: unknown, { verb, version }: Invocation): ErrorReport {
  const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const where = `dangerzone-image ${version}${verb && ` ${verb}`}, ${process.platform} ${process.arch}, Node.js ${process.versions.node}`;
  return {
    code: 'INTERNAL',
    message: `this is a bug: ${what}`,
    suggestions: [`Please report it with this text (${where}).`, 'Run it again with --debug to see where it happened.'],
    details: {},
  };
}

const MAX_CAUSES = 8;

function traceOf(error: unknown): string {
  const traces: string[] = [];
  for (let cause = error; cause !== undefined && traces.length < MAX_CAUSES; cause = causeOf(cause)) {
    const header = String(cause);
    const stack = cause instanceof Error && cause.stack ? cause.stack : header;
    // The stack begins with the message, whose line breaks are not the stack's.
    const frames = stack.startsWith(header) ? stack.slice(header.length) : `\n${stack}`;
    traces.push(`${escapeControls(header)}${frames.split('\n').map(escapeControls).join('\n')}`);
  }
  return `${traces.join('\ncaused by ')}\n`;
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined;
}
