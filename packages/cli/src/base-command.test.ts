import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { BaseCommand } from './base-command.ts';
import { loadConfig } from './load-config.ts';

/** A verb whose engine dies of the same Ctrl-C, and reports that instead. */
class Interrupted extends BaseCommand {
  static override id = 'interrupted';

  override async run(): Promise<number> {
    const { flags } = await this.parse(Interrupted);
    const { signal } = await this.begin(flags);
    process.emit('SIGTERM', 'SIGTERM');
    expect(signal.aborted).toBe(true);
    throw new Error('the engine went away');
  }
}

it('a verb that was told to stop ends with the reason, whatever broke in it because of that', async () => {
  const config = await loadConfig(fileURLToPath(new URL('..', import.meta.url)));
  const listeners = process.listenerCount('SIGTERM');
  await expect(Interrupted.run(['--quiet'], config)).rejects.toMatchObject({ code: 'TERMINATED' });
  expect(process.listenerCount('SIGTERM')).toBe(listeners);
});
