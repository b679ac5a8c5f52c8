import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type PodmanCall, podmanRunner } from './run-podman.ts';

/** A program that does what the script says, in place of Podman. */
const acting = (script: string) => podmanRunner({ program: process.execPath, globals: ['-e', script] });

describe('bad input 169: a Podman that does not do its work', () => {
  it('is missing: the error says so, and how to name it', async () => {
    const run = podmanRunner({ program: '/nonexistent/podman', globals: [] });
    const refusal = await run(['info']).catch((error) => error);
    expect(refusal).toMatchObject({ code: 'RUNTIME_UNAVAILABLE', message: expect.stringContaining('not installed') });
    expect(refusal.suggestions.join()).toContain('command=');
  });

  it('is not executable', async () => {
    const run = podmanRunner({ program: import.meta.filename, globals: [] });
    await expect(run(['info'])).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
  });

  it('hangs', async () => {
    const run = acting('setInterval(() => {}, 1000)');
    await expect(run(['info'], { timeoutMs: 200 })).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
  });

  it.each(['takes nothing of its input', 'has its input and does not end'])('hangs while it loads: %s', async (how) => {
    const size = how.startsWith('takes') ? 1 << 20 : 1;
    const run = acting(
      size === 1 ? 'process.stdin.resume(); setInterval(() => {}, 1000)' : 'setInterval(() => {}, 1000)',
    );
    const input = (async function* () {
      yield Buffer.alloc(size);
    })();
    await expect(run(['load'], { input, timeoutMs: 500 })).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
  });

  it('does not hang while its source is slow', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const run = acting('process.stdin.resume().on("end", () => process.exit(0))');
    const input = (async function* () {
      yield Buffer.from('1');
      vi.advanceTimersByTime(600);
      yield Buffer.from('2');
    })();
    expect(await run(['load'], { input, timeoutMs: 500 })).toMatchObject({ exitCode: 0 });
  });

  it('ends while its source has nothing to give yet', async () => {
    const run = acting('process.exit(3)');
    await expect(run(['load'], { input: stalled() })).rejects.toMatchObject({
      code: 'RUNTIME_FAILED',
      details: { exitCode: 3 },
    });
  });

  it('writes without end', async () => {
    const run = acting('const b = "x".repeat(1 << 20); const w = () => process.stdout.write(b, w); w()');
    await expect(run(['info'])).rejects.toMatchObject({ code: 'RUNTIME_FAILED' });
  });

  it('fails: the exit code is told, and what it said is escaped', async () => {
    const run = acting('console.error("\\u001b[31mno"); process.exit(125)');
    const refusal = await run(['load']).catch((error) => error);
    expect(refusal).toMatchObject({ code: 'RUNTIME_FAILED', details: { exitCode: 125 } });
    expect(refusal.message).toContain('\\x1b');
    expect(refusal.suggestions.join()).toContain('policy.json');
  });

  it('is killed by a signal', async () => {
    const run = acting('process.kill(process.pid, "SIGKILL")');
    await expect(run(['info'])).rejects.toMatchObject({ code: 'RUNTIME_FAILED' });
  });

  it('stops reading its input: its own failure is told, not ours', async () => {
    const run = acting('process.stdin.destroy(); process.exit(3)');
    const input = (async function* () {
      for (let count = 0; count < 64; count++) yield Buffer.alloc(1 << 16);
    })();
    await expect(run(['load'], { input })).rejects.toMatchObject({ code: 'RUNTIME_FAILED', details: { exitCode: 3 } });
  });

  it('ends well without having read its input', async () => {
    const run = acting('process.stdin.destroy(); process.exit(0)');
    const input = (async function* () {
      for (let count = 0; count < 64; count++) yield Buffer.alloc(1 << 16);
    })();
    await expect(run(['load'], { input })).rejects.toMatchObject({ code: 'RUNTIME_FAILED' });
  });
});

describe('acceptance 11: Ctrl-C', () => {
  /** Says when it runs, and does nothing more: not even when it is asked to end. */
  const deaf = `process.on("SIGTERM", () => {}); process.stdin.resume(); setInterval(() => {}, 1000);
    require("node:fs").writeFileSync(process.env.STARTED, String(process.pid))`;

  /** Without a word of ours, execa gives a program five seconds to end. */
  const SOON_MS = 4000;

  async function interrupted(call: (started: string) => Promise<PodmanCall>): Promise<{ error: unknown; ms: number }> {
    const folder = await mkdtemp(join(tmpdir(), 'deaf-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const started = join(folder, 'pid');
    const controller = new AbortController();
    const { env, ...rest } = await call(started);
    const running = acting(deaf)(['pull'], { ...rest, env: { ...env, STARTED: started }, signal: controller.signal });
    const settled = running.catch((error: unknown) => error);
    await expect.poll(() => readFile(started, 'utf8').catch(() => '')).not.toBe('');
    const pid = Number(await readFile(started, 'utf8'));
    const before = performance.now();
    controller.abort(stop);
    const error = await settled;
    const ms = performance.now() - before;
    expect(() => process.kill(pid, 0)).toThrow(expect.objectContaining({ code: 'ESRCH' }));
    return { error, ms };
  }
  const stop = new Error('stopped by Ctrl-C');

  it.each<[string, () => Promise<PodmanCall>]>([
    ['a Podman that pulls and does not listen', async () => ({ timeoutMs: 0 })],
    ['a source that stalls at its first byte, whatever the source does about it', async () => ({ input: stalled() })],
    [
      'a source that stalls later',
      async () => ({
        input: (async function* () {
          yield Buffer.from('first');
          await new Promise(() => undefined);
        })(),
      }),
    ],
  ])('is answered at once, and Podman is gone: %s', async (_, call) => {
    const { error, ms } = await interrupted(call);
    expect(error).toBe(stop);
    expect(ms).toBeLessThan(SOON_MS);
  });

  it('ends also a Podman that takes nothing', async () => {
    const controller = new AbortController();
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    const input = (async function* () {
      resolve();
      for (;;) yield Buffer.alloc(1 << 20);
    })();
    const running = acting('setInterval(() => {}, 1000)')(['load'], { input, signal: controller.signal });
    const settled = running.catch((error: unknown) => error);
    await asked;
    controller.abort(stop);
    expect(await settled).toBe(stop);
  });
});

/** Never gives a byte, and takes no signal. */
async function* stalled(): AsyncGenerator<Uint8Array> {
  await new Promise(() => undefined);
  yield Buffer.alloc(0);
}

describe('input that breaks off', () => {
  it('kills the program before it sees the end of its input', async () => {
    // On end of input it would answer with 0; only a kill keeps it from that.
    const run = acting('process.stdin.resume(); process.stdin.on("end", () => process.exit(0))');
    const reason = new Error('wrong blob');
    const input = (async function* () {
      yield Buffer.from('first');
      throw reason;
    })();
    await expect(run(['load'], { input })).rejects.toBe(reason);
  });
});
