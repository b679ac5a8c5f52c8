import { describe, expect, it } from 'vitest';
import { type EngineEvent, readEvents } from './engine-events.ts';
import { pullProgress } from './pull-progress.ts';

async function* inPieces(text: string, size: number): AsyncIterable<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(text: string, size = 7): Promise<EngineEvent[]> {
  const events: EngineEvent[] = [];
  await readEvents(inPieces(text, size), 'pull x', (event) => events.push(event));
  return events.filter((event) => Object.keys(event).length > 0);
}

describe('the engine’s events', () => {
  it('are read however they are cut, the last one without an end of line too', async () => {
    const text = '{"status":"Pulling","id":"ä"}\r\n\n{"status":"Done"}';
    for (const size of [1, 2, 3, 1000])
      expect(await read(text, size)).toEqual([{ status: 'Pulling', id: 'ä' }, { status: 'Done' }]);
  });

  it.each([
    ['an error', '{"status":"x"}\n{"error":"no space left"}\n'],
    ['an error in detail alone', '{"errorDetail":{"message":"no space left"}}'],
    ['an empty error', '{"error":""}'],
    ['an error that is no text', '{"error":{"a":1}}'],
    ['an error without an end of line', '{"status":"x"}\n{"error":"cut"}'],
    ['an error after the good news', '{"stream":"Loaded image: x"}\n{"error":"late"}\n'],
    ['no JSON', '<html>'],
    ['a list', '[1]'],
    ['a cut line', '{"status":"Pull'],
    ['a line of two megabytes', `{"status":"${'x'.repeat(2 * 1024 * 1024)}"}`],
  ])('bad input 169: %s in an answer of 200 is a failure', async (_, text) => {
    await expect(read(text, 65536)).rejects.toMatchObject({ code: 'RUNTIME_FAILED' });
  });

  it('bad input 182: what the engine says of an error steers no terminal', async () => {
    const error = JSON.stringify({ error: '\u001b]52;c;x\u0007' });
    await expect(read(error)).rejects.toMatchObject({ message: expect.stringContaining('\\x1b]52') });
  });
});

describe('the progress of a pull', () => {
  it('sums up its layers, never falls, and never passes the size of the image', () => {
    const told: number[] = [];
    const onEvent = pullProgress(100, (bytes) => told.push(bytes));
    const layer = (id: string, current: number, status = 'Downloading') =>
      onEvent({ id, status, progressDetail: { current } });
    layer('a', 10);
    layer('b', 20);
    layer('a', 5);
    layer('a', 50, 'Extracting');
    onEvent({ id: 'a', status: 'Extracting', progressDetail: { current: 3, units: 's' } });
    layer('a', 50);
    layer('b', 900);
    layer('b', 950);
    expect(told).toEqual([10, 30, 70, 100]);
  });
});
