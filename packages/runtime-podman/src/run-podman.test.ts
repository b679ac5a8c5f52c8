import { describe, expect, it } from 'vitest';
import { podmanRunner } from './run-podman.ts';

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
