import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import { digestOf } from '../oci/digest.ts';
import { atomicWrite } from './atomic-write.ts';
import { readDocument, writeDocument } from './document-store.ts';
import { LEDGER_FILE } from './ledger.ts';
import { readLedger } from './ledger-file.ts';
import { readStateFile } from './read-state-file.ts';
import { storedDigests } from './signature-store.ts';
import type { StateFolder } from './state-folder.ts';
import { createStateFs, nodeStateFs, type StateFs } from './state-fs.ts';

const key = { fileDigest: 'f'.repeat(64) };
const bytes = Buffer.from('{"schemaVersion":2}');
const profile = { image: 'registry.example.org/team/sandbox', floor: {}, dangerzoneLogId: 'c'.repeat(64) };
const isPosix = process.platform !== 'win32';

let root: string;
let folder: StateFolder;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'state '));
  folder = { path: join(root, 'state') };
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const read = (name: string) => readStateFile(folder, [name], 100, nodeStateFs);
const refusal = async (work: Promise<unknown>) =>
  codeOf(
    await work.then(
      () => undefined,
      (error: unknown) => error,
    ),
  );

describe.runIf(isPosix)('a state folder that is not this user’s alone', () => {
  it.each<[string, () => void]>([
    [
      'a symbolic link',
      () => {
        mkdirSync(join(root, 'elsewhere'), { mode: 0o700 });
        symlinkSync(join(root, 'elsewhere'), folder.path);
      },
    ],
    [
      'writable by its group',
      () => {
        mkdirSync(folder.path);
        chmodSync(folder.path, 0o770);
      },
    ],
    [
      'writable by everybody',
      () => {
        mkdirSync(folder.path);
        chmodSync(folder.path, 0o707);
      },
    ],
    ['a file', () => writeFileSync(folder.path, '')],
    [
      'below a file',
      () => {
        writeFileSync(join(root, 'file'), '');
        folder = { path: join(root, 'file', 'state') };
      },
    ],
  ])('bad input 157: refuses one that is %s, and writes nothing through it', async (_, prepare) => {
    prepare();
    expect(await refusal(writeDocument(folder, bytes))).toBe('STATE_INVALID');
    expect(await refusal(readLedger(folder, profile))).toBe('STATE_INVALID');
    expect(await refusal(readDocument(folder, digestOf(bytes)))).toBe('STATE_INVALID');
    rmSync(join(root, 'file'), { force: true });
    expect(execFileSync('find', [root, '-type', 'f', '-size', '+0'], { encoding: 'utf8' })).toBe('');
  });

  it.each(['signatures', 'manifests', 'bundles'])('bad input 157: refuses a linked %s folder in it', async (name) => {
    mkdirSync(folder.path, { mode: 0o700 });
    mkdirSync(join(root, 'elsewhere'), { mode: 0o700 });
    symlinkSync(join(root, 'elsewhere'), join(folder.path, name));
    expect(await refusal(atomicWrite(folder, [name, 'x'], bytes, nodeStateFs))).toBe('STATE_INVALID');
    expect(await refusal(readStateFile(folder, [name, 'x'], 100, nodeStateFs))).toBe('STATE_INVALID');
  });

  it('bad input 157: refuses a linked folder also where links have no rights of their own', async () => {
    const link: StateFs = {
      ...nodeStateFs,
      lstat: async () => ({ uid: 0, mode: 0o700, nlink: 1, size: 0, isFile: () => false, isDirectory: () => false }),
    };
    expect(await refusal(readStateFile(folder, ['file'], 100, link))).toBe('STATE_INVALID');
    expect(await refusal(atomicWrite(folder, ['file'], bytes, link))).toBe('STATE_INVALID');
  });

  it('names the whole path, however long it is: the remedy is to be typed', async () => {
    const path = join(folder.path, 'a'.repeat(64), 'b'.repeat(64), 'journal');
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chmodSync(path, 0o770);
    const error = await readStateFile({ path }, ['file'], 100, nodeStateFs).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      message: expect.stringContaining(`"${path}"`),
      suggestions: [expect.stringContaining(`chmod go-w on "${path}"`)],
    });
  });

  it('bad input 157: refuses folders and files of another user, takes root’s', async () => {
    await atomicWrite(folder, ['file'], bytes, nodeStateFs);
    const mine = process.getuid?.() ?? 0;
    const asSomebodyElse: StateFs = { ...nodeStateFs, uid: mine + 1 };
    const expected = mine === 0 ? undefined : 'STATE_INVALID';
    expect(await refusal(readStateFile(folder, ['file'], 100, asSomebodyElse))).toBe(expected);
    const owned = (uid: number): StateFs => ({
      ...nodeStateFs,
      uid: 1000,
      lstat: async (path) => Object.assign(await nodeStateFs.lstat(path), { uid }),
    });
    expect(await refusal(readStateFile(folder, [], 100, owned(1001)))).not.toBeUndefined();
    expect(await refusal(atomicWrite(folder, ['file'], bytes, owned(1001)))).toBe('STATE_INVALID');
    expect(await refusal(atomicWrite(folder, ['file'], bytes, owned(0)))).toBeUndefined();
  });
});

describe.runIf(isPosix)('a file in the state folder', () => {
  beforeEach(() => {
    mkdirSync(folder.path, { mode: 0o700 });
    writeFileSync(join(root, 'secret'), 'secret', { mode: 0o600 });
  });

  it.each<[string, (path: string) => void]>([
    ['a symbolic link', (path) => symlinkSync(join(root, 'secret'), path)],
    ['a link to nothing', (path) => symlinkSync(join(root, 'nothing'), path)],
    ['a hard link', (path) => linkSync(join(root, 'secret'), path)],
    [
      'writable by its group',
      (path) => {
        writeFileSync(path, 'x');
        chmodSync(path, 0o620);
      },
    ],
    [
      'writable by everybody',
      (path) => {
        writeFileSync(path, 'x');
        chmodSync(path, 0o602);
      },
    ],
    ['a folder', (path) => mkdirSync(path)],
    [
      'a FIFO',
      (path) => {
        execFileSync('mkfifo', ['-m', '600', path]);
      },
    ],
  ])('bad input 157: is refused when it is %s', async (_, make) => {
    make(join(folder.path, 'file'));
    expect(await refusal(read('file'))).toBe('STATE_INVALID');
  });

  it('bad input 157: is replaced, never written through, when a link stands in its place', async () => {
    symlinkSync(join(root, 'secret'), join(folder.path, 'file'));
    await atomicWrite(folder, ['file'], bytes, nodeStateFs);
    expect(readFileSync(join(root, 'secret'), 'utf8')).toBe('secret');
    expect(await read('file')).toEqual(bytes);
  });

  it('bad input 167: is read up to its limit and no byte more', async () => {
    writeFileSync(join(folder.path, 'file'), Buffer.alloc(100), { mode: 0o600 });
    expect(await read('file')).toHaveLength(100);
    truncateSync(join(folder.path, 'file'), 1024 ** 3); // sparse: a gigabyte that nobody has to write
    expect(await refusal(read('file'))).toBe('STATE_INVALID');
    const growing: StateFs = {
      ...nodeStateFs,
      open: async (path, flags) => {
        const file = await nodeStateFs.open(path, flags);
        return { ...file, stat: async () => Object.assign(await file.stat(), { size: 7 }) };
      },
    };
    expect(await refusal(readStateFile(folder, ['file'], 7, growing))).toBe('STATE_INVALID');
  });

  it('bad input 167: is listed with 5000 others at the most', async () => {
    const path = join(folder.path, 'signatures', key.fileDigest);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    for (let count = 0; count < 5000; count++)
      writeFileSync(join(path, `${digestOf(Buffer.from([count, count >> 8])).slice(7)}.json`), '');
    expect(await storedDigests(folder, key)).toHaveLength(5000);
    writeFileSync(join(path, 'one more'), '');
    expect(await refusal(storedDigests(folder, key))).toBe('STATE_INVALID');
  });

  it('bad input 167: does not read a ledger of a gigabyte', async () => {
    writeFileSync(join(folder.path, LEDGER_FILE), '', { mode: 0o600 });
    truncateSync(join(folder.path, LEDGER_FILE), 1024 ** 3);
    expect(await refusal(readLedger(folder, profile))).toBe('STATE_INVALID');
    expect(lstatSync(join(folder.path, LEDGER_FILE)).size).toBe(1024 ** 3);
  });
});

describe('writing state', () => {
  it.runIf(isPosix)('makes folders and files for this user alone, whatever the umask', async () => {
    const before = process.platform === 'win32' ? 0 : process.umask(0);
    try {
      await atomicWrite(folder, ['signatures', 'file'], bytes, nodeStateFs);
    } finally {
      process.umask(before);
    }
    const modes = ['', 'signatures', 'signatures/file'].map((name) => lstatSync(join(folder.path, name)).mode & 0o777);
    expect(modes).toEqual([0o700, 0o700, 0o600]);
  });

  it.each(['EROFS', 'EACCES', 'EPERM'])(
    'bad input 164: says what to do when the home is read-only (%s)',
    async (code) => {
      const refuse = async () => {
        throw Object.assign(new Error(code), { code });
      };
      const work = atomicWrite(folder, ['file'], bytes, { ...nodeStateFs, mkdir: refuse });
      await expect(work).rejects.toMatchObject({
        code: 'STATE_INVALID',
        suggestions: [expect.stringContaining('--state-dir')],
      });
    },
  );

  it.each(['with spaces', '🦔 ünïcode', 'x'.repeat(250)])(
    'bad input 164: works in a folder named "%s"',
    async (name) => {
      const odd = { path: join(root, name, 'y'.repeat(60)) };
      await atomicWrite(odd, ['file'], bytes, nodeStateFs);
      expect(await readStateFile(odd, ['file'], 100, nodeStateFs)).toEqual(bytes);
    },
  );

  it('looks at no owner and no rights where the platform has none', () => {
    expect(createStateFs('win32').uid).toBeUndefined();
  });
});
