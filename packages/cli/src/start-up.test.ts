import { describe, expect, it } from 'vitest';
import { runCli } from './run-cli.test-support.ts';

/** Tells on stderr, at the end, which files were loaded and which of Node's own modules. */
const listLoaded = `import { registerHooks } from 'node:module';
const files = [];
registerHooks({ load: (url, context, next) => (files.push(url), next(url, context)) });
process.on('exit', () => {
  const builtins = process.moduleLoadList.map((entry) => entry.split(' ').at(-1));
  process.stderr.write('LOADED' + JSON.stringify({ files, builtins }));
});`;

async function loadedBy(
  args: readonly string[],
): Promise<{ code: number | null; files: string[]; builtins: string[] }> {
  const { code, stderr } = await runCli(args, {
    nodeOptions: ['--import', `data:text/javascript,${encodeURIComponent(listLoaded)}`],
  });
  const { files, builtins } = JSON.parse(stderr.slice(stderr.lastIndexOf('LOADED') + 'LOADED'.length));
  return { code, files: files.filter((url: string) => url.startsWith('file:')), builtins };
}

const status = ['status', '--runtime', 'oci-layout', '--runtime-option', 'path=images'];

describe('a start', () => {
  // Each file costs about a fiftieth of a bare start of Node: a number far above these means that something is not bundled.
  it.each<[string, readonly string[], number]>([
    ['--version', ['--version'], 6],
    ['help', ['verify-local', '--help'], 12],
    ['status', status, 30],
  ])('of %s opens few files', async (_, args, most) => {
    const { code, files } = await loadedBy(args);
    expect(code).toBe(0);
    expect(files.length).toBeLessThanOrEqual(most);
  });

  it.each<[string, readonly string[]]>([
    ['help', ['verify-local', '--help']],
    ['a verb without a network', status],
  ])('of %s loads neither the registry client nor TLS nor the lock', async (_, args) => {
    const { files, builtins } = await loadedBy(args);
    expect(files.filter((url) => /undici|registry/.test(url))).toEqual([]);
    expect(builtins).not.toEqual(expect.arrayContaining([expect.stringMatching(/^(tls|https|sqlite)$/)]));
  });
});
