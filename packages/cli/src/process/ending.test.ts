import { spawn } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createTestSigner } from '@dangerzone-image/core/testing';
import { describe, expect, it } from 'vitest';
import { bin, finished, runCli, startCli, temporaryFolder, writeFiles } from '../run-cli.test-support.ts';

const source = (path: string) => pathToFileURL(join(bin, '../../src', path)).href;

/** A process under guard in which something goes wrong outside any verb. */
async function guarded(code: string, isJson: boolean) {
  const script = join(temporaryFolder(), 'script.mjs');
  writeFiles(join(script, '..'), {
    'script.mjs': `import { guardProcess } from ${JSON.stringify(source('process/guard-process.ts'))};
      guardProcess({ verb: 'upgrade', version: '1', isJson: ${isJson}, isDebug: false }, process);
      ${code}`,
  });
  return runCli([], { script });
}

describe('bad input 184', () => {
  it.each([
    ['an exception that nobody catches', 'setTimeout(() => { throw new TypeError("boom"); });'],
    ['a promise that nobody awaits', 'Promise.reject(new TypeError("boom"));'],
    ['a rejection that is no error', 'Promise.reject("boom");'],
    ['a rejection without a reason', 'Promise.reject();'],
    ['an answer that never comes', 'await new Promise(() => {});'],
    ['an answer that never comes, behind a timer', 'setTimeout(() => {}, 1); new Promise(() => {});'],
  ])('%s ends with 1, a code and no stack trace', async (_, code) => {
    const plain = await guarded(code, false);
    expect(plain.code).toBe(1);
    expect(plain.stderr).toMatch(/^❌ INTERNAL: /);
    expect(plain.stderr).not.toMatch(/^\s+at /m);
    const json = await guarded(code, true);
    expect({ exit: json.code, ...JSON.parse(json.stdout) }).toMatchObject({
      exit: 1,
      verb: 'upgrade',
      error: { code: 'INTERNAL' },
    });
  });

  it('a reader that has seen enough ends it quietly, with the code that it would have had', async () => {
    for (const [words, code] of [
      [['--help'], 0],
      [['status', '--nope', '--json'], 2],
    ] as const) {
      const child = startCli(words);
      child.stdout?.destroy();
      expect(await finished(child)).toEqual({ code, stdout: '', stderr: '' });
    }
  });

  it.skipIf(!existsSync('/dev/full'))('a result that cannot be written is no success', async () => {
    const child = spawn(process.execPath, [bin, '--help'], { stdio: ['ignore', openSync('/dev/full', 'w'), 'pipe'] });
    expect(await finished(child)).toMatchObject({ code: 1, stderr: expect.stringContaining('ENOSPC') });
  });
});

/** A registry that takes every connection and never says a word. */
async function silentRegistry() {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const asked = new Promise<void>((resolve) =>
    server.once('connection', (socket) => socket.once('data', () => resolve())),
  );
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, asked, close: () => server.close() };
}

function waitingCheck(host: string, more: readonly string[]) {
  const folder = temporaryFolder();
  const { publicKeyPem, logPublicKeyPem } = createTestSigner();
  const profile = { name: 'x', image: `${host}/x`, keys: ['key.pub'], transparencyLog: { keys: ['log.pub'] } };
  writeFiles(folder, { 'profile.json': profile, 'key.pub': publicKeyPem, 'log.pub': logPublicKeyPem });
  const runtime = ['--runtime', 'oci-layout', '--runtime-option', 'path=images'];
  return startCli(['check', '--profile', './profile.json', '--state-dir', 'state', ...runtime, ...more], {
    cwd: folder,
  });
}

describe('a signal while a verb waits', () => {
  it.each([
    ['SIGINT', 130, 'INTERRUPTED'],
    ['SIGTERM', 143, 'TERMINATED'],
  ] as const)('%s ends it at once with %i', async (signal, code, name) => {
    const registry = await silentRegistry();
    const child = waitingCheck(registry.host, ['--json', '--progress', 'none']);
    await registry.asked;
    const ended = finished(child);
    const before = Date.now();
    child.kill(signal);
    const run = await ended;
    // A second is the promise, and interruption.test.ts holds it; a busy machine has its time. The registry has 30 s.
    expect(Date.now() - before).toBeLessThan(10_000);
    expect({ exit: run.code, ...JSON.parse(run.stdout) }).toMatchObject({
      exit: code,
      verb: 'check',
      error: { code: name },
    });
    registry.close();
  });
});

describe('the Node version', () => {
  const pretend = (version: string) =>
    `data:text/javascript,Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;

  it.each(['10.24.1', '20.20.2', '22.22.1', '23.11.0', '24.14.9', '25.9.0'])(
    '%s is refused before anything is loaded',
    async (version) => {
      const run = await runCli(['--version', '--json'], { nodeOptions: ['--import', pretend(version)] });
      expect({ exit: run.code, ...JSON.parse(run.stdout) }).toMatchObject({
        exit: 2,
        schema: 1,
        verb: '',
        error: { code: 'USAGE' },
      });
    },
  );

  it.each(['22.22.2', '22.23.0', '24.15.0', '26.0.0', '30.1.2'])('%s is taken', async (version) => {
    expect(await runCli(['--version'], { nodeOptions: ['--import', pretend(version)] })).toMatchObject({
      code: 0,
      stderr: '',
    });
  });
});
