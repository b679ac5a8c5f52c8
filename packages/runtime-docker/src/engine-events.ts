import { CodedError, escapeControls } from '@dangerzone-image/core';
import * as v from 'valibot';

const MAX_LINE = 1024 * 1024;
const MAX_SHOWN = 600;

/** One line of Docker's event stream (`jsonmessage`), as far as it is needed. */
const eventSchema = v.object({
  id: v.optional(v.string()),
  status: v.optional(v.string()),
  progressDetail: v.optional(v.nullable(v.object({ current: v.optional(v.number()), units: v.optional(v.string()) }))),
  error: v.optional(v.unknown()),
  errorDetail: v.optional(v.unknown()),
});
export type EngineEvent = v.InferOutput<typeof eventSchema>;

/** The events of a pull or a load, read to the end. The answer is 200 before the work begins: an error comes as a line. */
export async function readEvents(
  answer: AsyncIterable<Uint8Array | string>,
  work: string,
  onEvent: (event: EngineEvent) => void = () => {},
): Promise<void> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of answer) {
    rest += typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onEvent(readEvent(line, work));
    if (rest.length > MAX_LINE) throw unreadable(work, `a line longer than ${MAX_LINE} characters`);
  }
  onEvent(readEvent(rest + decoder.decode(), work));
}

function readEvent(line: string, work: string): EngineEvent {
  if (line.trim() === '') return {};
  const parsed = parseLine(line, work);
  const result = v.safeParse(eventSchema, parsed);
  if (!result.success || Array.isArray(parsed)) throw unreadable(work, 'a line that is no event');
  const { error, errorDetail } = result.output;
  if (error === undefined && errorDetail === undefined) return result.output;
  throw new CodedError('RUNTIME_FAILED', `Docker could not ${work}: ${messageOf(error, errorDetail)}`, {
    suggestions: ['Look at what Docker said; then run the same command again.'],
  });
}

function parseLine(line: string, work: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw unreadable(work, 'a line that is not JSON', cause);
  }
}

function messageOf(error: unknown, detail: unknown): string {
  const inner = typeof detail === 'object' && detail !== null && 'message' in detail ? detail.message : undefined;
  const said = [inner, error].find((value) => typeof value === 'string' && value !== '');
  return escapeControls(String(said ?? 'no reason given').slice(0, MAX_SHOWN));
}

function unreadable(work: string, what: string, cause?: unknown): CodedError {
  return new CodedError('RUNTIME_FAILED', `asked to ${work}, Docker answers with ${what}`, {
    suggestions: ['Docker 20.10 to 29 are known to work: see `docker version`.'],
    cause,
  });
}
