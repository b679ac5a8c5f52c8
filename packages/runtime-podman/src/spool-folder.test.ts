import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { hasRoomFor, spoolParent, sweepSpoolFolders, withSpoolFolder } from './spool-folder.ts';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'spool-parent-'));
});
afterEach(() => rm(parent, { recursive: true }));

const sweep = (mayGo: (folder: string) => Promise<boolean> = async () => true) => sweepSpoolFolders(mayGo, parent);
const leaveFolder = async (name = 'dangerzone-image-spool-aB3dE6') => {
  const folder = join(parent, name);
  await mkdir(folder, { mode: 0o700 });
  await writeFile(join(folder, 'half-an-image'), 'x');
  return folder;
};

/** Another process that holds a folder until it is killed. */
async function holdElsewhere() {
  const module = new URL('./spool-folder.ts', import.meta.url).href;
  const script = `import { withSpoolFolder } from ${JSON.stringify(module)};
    await withSpoolFolder((folder) => new Promise(() => { console.log(folder); setInterval(() => {}, 1000); }), { parent: ${JSON.stringify(parent)} });`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const [folder] = await once(createInterface({ input: child.stdout }), 'line');
  const kill = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  onTestFinished(kill);
  return { folder: folder as string, kill };
}

describe('the folder of one call', () => {
  it('is private, and goes with the call, however that ends', async () => {
    await withSpoolFolder(async (folder) => writeFile(join(folder, 'x'), ''), { parent });
    const failure = new Error('no');
    await expect(withSpoolFolder(() => Promise.reject(failure), { parent })).rejects.toBe(failure);
    expect(await readdir(parent)).toEqual([]);
  });

  it('stays while there is something in it to be seen to', async () => {
    await withSpoolFolder(async () => undefined, { parent, isNeeded: async () => true });
    expect(await readdir(parent)).toHaveLength(1);
    await sweep();
    expect(await readdir(parent)).toEqual([]);
  });

  it('has room for content twice, or none where nobody can say', async () => {
    expect(await hasRoomFor(1024, tmpdir())).toBe(true);
    expect(await hasRoomFor(2 ** 60, tmpdir())).toBe(false);
    expect(await hasRoomFor(1, '/nowhere/at/all')).toBe(false);
  });

  it('is where TMPDIR says, or where Podman would spool', () => {
    expect(spoolParent({ TMPDIR: '/t' }, 'linux')).toBe('/t');
    expect(spoolParent({}, 'linux')).toBe('/var/tmp');
    expect(spoolParent({}, 'darwin')).toBe(tmpdir());
  });
});

describe('what a killed run left', () => {
  it('is cleared, with what is in it', async () => {
    await leaveFolder();
    await sweep();
    expect(await readdir(parent)).toEqual([]);
  });

  it('is cleared as soon as its process is killed, and not before', async () => {
    const { folder, kill } = await holdElsewhere();
    await sweep();
    expect(await readdir(parent)).toHaveLength(1);
    await kill();
    await sweep();
    await expect(readdir(folder)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is not taken from another call of this process', async () => {
    await withSpoolFolder(
      async (folder) => {
        await writeFile(join(folder, 'x'), 'y');
        await sweep();
        expect(await readFile(join(folder, 'x'), 'utf8')).toBe('y');
      },
      { parent },
    );
  });

  it.each([
    'dangerzone-image-spool-',
    'dangerzone-image-spool-abc',
    'dangerzone-image-spool-abcdefg',
    'dangerzone-image-spool-abc.ef',
    'x-dangerzone-image-spool-abcdef',
    'dangerzone-image-world-abcdef',
  ])('keeps a folder of another name: %s', async (name) => {
    await leaveFolder(name);
    await sweep();
    expect(await readdir(join(parent, name))).toEqual(['half-an-image']);
  });

  it('follows no link: neither to a folder nor in one', async () => {
    const elsewhere = join(parent, 'elsewhere');
    await mkdir(elsewhere, { mode: 0o700 });
    await writeFile(join(elsewhere, 'precious'), '');
    await symlink(elsewhere, join(parent, 'dangerzone-image-spool-linked'));
    await symlink(elsewhere, join(await leaveFolder(), 'inside'));
    await sweep();
    expect((await readdir(parent)).sort()).toEqual(['dangerzone-image-spool-linked', 'elsewhere']);
    expect(await readdir(elsewhere)).toEqual(['precious']);
  });

  it.skipIf(process.platform === 'win32')(
    'keeps a folder that others may write to: it may be anyone’s trap',
    async () => {
      await chmod(await leaveFolder(), 0o777);
      await sweep();
      expect(await readdir(parent)).toHaveLength(1);
    },
  );

  it.skipIf(process.getuid?.() !== 0)('keeps a folder of another user', async () => {
    await chown(await leaveFolder(), 65534, 65534);
    await sweep();
    expect(await readdir(parent)).toHaveLength(1);
  });

  it('stays where it may not go yet, and nothing stops the others from going', async () => {
    const one = await leaveFolder();
    await leaveFolder('dangerzone-image-spool-bbbbbb');
    const broken = await leaveFolder('dangerzone-image-spool-cccccc');
    await sweep(async (folder) => {
      if (folder === broken) throw new Error('engine does not answer');
      return folder !== one;
    });
    expect((await readdir(parent)).map((name) => name.slice(-6)).sort()).toEqual(['aB3dE6', 'cccccc']);
  });

  it('is no reason to stop where there is no such parent', async () => {
    await sweepSpoolFolders(async () => true, join(parent, 'none'));
  });
});
