import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { podmanReader } from './read-podman.ts';
import { saveImage } from './save-image.ts';

/** A program that does what the script says, in place of Podman. */
const acting = (script: string) => podmanReader({ program: process.execPath, globals: ['-e', script, '--'] });

async function readAll(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const read: Uint8Array[] = [];
  for await (const chunk of chunks) read.push(chunk);
  return Buffer.concat(read).toString();
}

describe('reading what Podman writes', () => {
  it('gives all of it when Podman ends well', async () => {
    const read = acting('process.stdout.write("x".repeat(3e6))');
    expect((await readAll(read(['save']))).length).toBe(3e6);
  });

  it('bad input 169: fails where Podman wrote all and then ended badly, with what it said', async () => {
    const read = acting('process.stdout.write("all"); process.stderr.write("integrity"); process.exitCode = 125');
    const refusal = await readAll(read(['save'])).catch((error) => error);
    expect(refusal).toMatchObject({ code: 'RUNTIME_FAILED', details: { exitCode: 125 } });
    expect(refusal.message).toContain('integrity');
  });

  it('bad input 169: fails where Podman is missing', async () => {
    const read = podmanReader({ program: '/nonexistent/podman', globals: [] });
    await expect(readAll(read(['save']))).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
  });

  it.each([
    ['writes nothing', ''],
    ['stops in the middle', 'process.stdout.write("some");'],
    ['closes its output and does not end', 'require("node:fs").closeSync(1);'],
  ])('bad input 169: waits no longer than agreed where Podman %s', async (_, script) => {
    const read = acting(`${script} setInterval(() => {}, 1000)`);
    await expect(readAll(read(['save'], { stallMs: 300 }))).rejects.toMatchObject({ code: 'RUNTIME_UNAVAILABLE' });
  });

  it('does not count the time in which nobody asks for more', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const read = acting('process.stdout.write("x".repeat(3e6))');
    let size = 0;
    for await (const chunk of read(['save'], { stallMs: 300 })) {
      if (size === 0) vi.advanceTimersByTime(600);
      size += chunk.length;
    }
    expect(size).toBe(3e6);
  });

  it.each(['who reads stops', 'a signal aborts'])('ends Podman, and clears its folder, when %s', async (how) => {
    const parent = await mkdtemp(join(tmpdir(), 'read-podman-'));
    onTestFinished(() => rm(parent, { recursive: true }));
    const stop = new AbortController();
    const read = acting(
      'process.on("SIGTERM", () => {}); process.stdout.write(String(process.pid)); setInterval(() => {}, 1e3)',
    );
    let pid = 0;
    const reading = async () => {
      for await (const chunk of saveImage(read, 'id', { parent, signal: stop.signal })) {
        pid = Number(Buffer.from(chunk).toString());
        expect(await readdir(parent)).toHaveLength(1);
        if (how === 'who reads stops') break;
        stop.abort(new Error('stopped'));
      }
    };
    if (how === 'who reads stops') await reading();
    else await expect(reading()).rejects.toThrow('stopped');
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(await readdir(parent)).toEqual([]);
  });

  it('has Podman keep its own copies in that folder', async () => {
    const parent = await mkdtemp(join(tmpdir(), 'read-podman-'));
    onTestFinished(() => rm(parent, { recursive: true }));
    const read = acting('process.stdout.write(process.env.TMPDIR)');
    expect(await readAll(saveImage(read, 'id', { parent }))).toMatch(new RegExp(`^${parent}/dangerzone-image-spool-`));
  });
});
