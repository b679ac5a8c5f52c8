import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { cli, createWorld, release, type World } from './world.ts';

/** util-linux's `script` gives a program a terminal of its own. */
const hasTerminal = process.platform === 'linux' && spawnSync('script', ['--version']).status === 0;
if (!hasTerminal) console.warn('skipped: nothing here gives a program a terminal (script, of util-linux)');

/** `auto` at a terminal on which somebody types this once they are asked. */
async function autoAt(world: World, typed: string, onAsked: () => void) {
  const options = Object.entries(world.runtime.options).flatMap(([key, value]) => [
    '--runtime-option',
    `${key}=${value}`,
  ]);
  const common = ['--profile', world.profile, '--state-dir', world.state, '--runtime', world.runtime.name, ...options];
  const words = [process.execPath, cli, 'auto', ...common].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['--quiet', '--return', '--command', words, '/dev/null'], {
    env: { ...world.start.env },
  });
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const wasAsked = text.includes('Type yes or no');
    text += chunk;
    if (wasAsked || !text.includes('Type yes or no')) return;
    onAsked();
    child.stdin.write(typed);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, text };
}

async function offered() {
  const world = await createWorld();
  const one = world.publish(release(1));
  await world.run(['upgrade']);
  const two = world.publish(release(2));
  await world.run(['check']);
  await world.run(['updates', 'ask']);
  return { world, one, two };
}

describe.skipIf(!hasTerminal)('auto at a terminal', () => {
  it('acceptance 14: a declined download opens no connection, exits with 9, and is not asked about again', async () => {
    const { world, one, two } = await offered();
    await using _ = world;
    let asked = 0;
    const { code, text } = await autoAt(world, 'no\n', () => {
      asked += 1;
      world.registry.received.length = 0;
      world.registry.requests.length = 0;
    });
    expect({ code, asked }).toEqual({ code: 9, asked: 1 });
    // Each on a line of its own: what a progress line left there is gone.
    expect(text).toContain('\u001b[K🆕 New: an update of');
    expect(text).toContain(`new: ${two.digest}, content of 2026-02-01`);
    expect(text).toContain(`old: ${one.digest}`);
    expect(text).toMatch(/download: \d/);
    expect(text).toMatch(/signed by the trusted key .*logged .* as entry \d+ of log/);
    expect(world.registry.requests).toEqual([]);
    expect(await world.run(['auto'])).toMatchObject({ code: 0, json: { status: 'update-available' } });
    expect(world.registry.requests).toEqual([]);
    expect(await world.run(['verify-local'])).toMatchObject({ code: 0, json: { image: { digest: one.digest } } });
  });

  it('a yes installs what was shown', async () => {
    const { world, two } = await offered();
    await using _ = world;
    const { code, text } = await autoAt(world, 'yes\n', () => undefined);
    expect({ code, text }).toMatchObject({
      code: 0,
      text: expect.stringContaining(`upgraded to ${world.image}@${two.digest}`),
    });
  });

  it('Ctrl-D is no answer but no', async () => {
    const { world } = await offered();
    await using _ = world;
    expect(await autoAt(world, '\u0004', () => undefined)).toMatchObject({ code: 9 });
  });
});
