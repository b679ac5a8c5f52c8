import { join } from 'node:path';
import { settings } from '@oclif/core/settings';
import { expect, it, vi } from 'vitest';
import { loadConfig } from './load-config.ts';
import { bin, temporaryFolder, writeFiles } from './run-cli.test-support.ts';

const root = join(bin, '../..');

it('oclif takes no folder, no format and no debugging from a variable of ours', async () => {
  for (const name of ['DATA_DIR', 'CONFIG_DIR', 'CACHE_DIR', 'BINPATH', 'NPM_REGISTRY'])
    vi.stubEnv(`DANGERZONE_IMAGE_${name}`, '/planted');
  vi.stubEnv('DANGERZONE_IMAGE_DEBUG', '1');
  vi.stubEnv('DANGERZONE_IMAGE_RUNTIME', 'kept');
  const { dataDir, configDir, cacheDir, binPath, npmRegistry } = await loadConfig(root);
  expect([dataDir, configDir, cacheDir, binPath, npmRegistry]).not.toContain('/planted');
  expect(settings).toMatchObject({ enableAutoTranspile: false });
  expect(settings.debug).not.toBe(true);
  expect(process.env.DANGERZONE_IMAGE_RUNTIME).toBe('kept');
  vi.unstubAllEnvs();
});

it('oclif reads no theme from the folder of our settings', async () => {
  const folder = temporaryFolder();
  writeFiles(folder, { 'dangerzone-image/theme.json': { bin: 'red' } });
  vi.stubEnv('XDG_CONFIG_HOME', folder);
  expect((await loadConfig(root)).theme).toBeUndefined();
  vi.unstubAllEnvs();
});
