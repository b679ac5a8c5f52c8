import { execFileSync, spawn } from 'node:child_process';
import { chmod, mkdir, open, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buildTestArchive, buildTestImage } from '@dangerzone-image/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { signer, temporaryFolder } from './machine.test-support.ts';
import { openArchive } from './open-archive.ts';
import { type OpenFileOptions, openArchiveFile } from './open-archive-file.ts';

const image = buildTestImage({ created: '2026-01-02T03:04:05Z' });
const good = buildTestArchive(image, { form: 'cosign-save', signers: [signer] });
const onPosix = process.platform !== 'win32';
const isRoot = process.getuid?.() === 0;

/** Standard input that is a pipe, with these pieces in it. */
async function stdinOf(pieces: Iterable<Uint8Array>, folder: string): Promise<NonNullable<OpenFileOptions['stdin']>> {
  const pipe = join(folder, 'stdin');
  execFileSync('mkfifo', [pipe]);
  const handle = await open(pipe, 'r+');
  onTestFinished(() => handle.close());
  return { fd: handle.fd, stream: () => Readable.from(pieces) };
}

describe('the file that was named', () => {
  it('bad input 147: may be a link, and is read from where it led when it was opened', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'image.tar'), good);
    await symlink('image.tar', join(folder, 'link.tar'));
    const archive = await openArchive(join(folder, 'link.tar'));
    onTestFinished(() => archive.close());
    expect(archive).toMatchObject({ digest: image.digest, bytes: good.length });
  });

  it.skipIf(!onPosix).each<[string, (folder: string) => string | Promise<string>]>([
    ['nothing', (folder) => join(folder, 'nowhere')],
    ['a folder', (folder) => folder],
    ['/dev/zero', () => '/dev/zero'],
    ['/dev/null', () => '/dev/null'],
    ['a link to a folder', async (folder) => symlink('.', join(folder, 'link')).then(() => join(folder, 'link'))],
    ['a link to itself', async (folder) => symlink('loop', join(folder, 'loop')).then(() => join(folder, 'loop'))],
  ])('bad input 147: is refused where it is %s', async (_, make) => {
    const path = await make(await temporaryFolder());
    await expect(openArchiveFile(path)).rejects.toMatchObject({ code: 'USAGE' });
  });

  if (isRoot) console.log('not tested: an archive that may not be read. Root may read every file.');
  it.skipIf(!onPosix || isRoot)('bad input 147: is refused where it may not be read', async () => {
    const path = join(await temporaryFolder(), 'secret.tar');
    await writeFile(path, good);
    await chmod(path, 0o000);
    await expect(openArchiveFile(path)).rejects.toMatchObject({ code: 'USAGE' });
  });

  it.skipIf(!onPosix)('bad input 147: is refused where it is a pipe that nobody writes to', async () => {
    const folder = await temporaryFolder();
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const opening = openArchiveFile(join(folder, 'pipe'), { pipeTimeoutMs: 50, temporaryFolder: folder });
    await expect(opening).rejects.toMatchObject({ code: 'USAGE' });
    expect(await readdir(folder)).toEqual(['pipe']);
  });

  it.skipIf(!onPosix)('may be a named pipe', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'image.tar'), good);
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const writer = spawn('sh', ['-c', `cat "${join(folder, 'image.tar')}" > "${join(folder, 'pipe')}"`]);
    onTestFinished(() => void writer.kill());
    const archive = await openArchive(join(folder, 'pipe'));
    onTestFinished(() => archive.close());
    expect(archive.digest).toBe(image.digest);
  });
});

describe.skipIf(!onPosix)('what cannot seek', () => {
  const spooled = async (pieces: Iterable<Uint8Array>, options: OpenFileOptions = {}) => {
    const [folder, temporary] = [await temporaryFolder(), await temporaryFolder()];
    await mkdir(join(temporary, 'own'), { mode: 0o700 });
    const stdin = await stdinOf(pieces, folder);
    const place = join(temporary, 'own');
    return { place, opening: openArchiveFile('-', { temporaryFolder: place, ...options, stdin }) };
  };

  it('is copied to a file that has no name any more, and so is gone however the run ends', async () => {
    const { place, opening } = await spooled([good.subarray(0, 700), good.subarray(700)]);
    const file = await opening;
    onTestFinished(() => file.close());
    expect(await readdir(place)).toEqual([]);
    expect(await file.read(0, file.size)).toEqual(good);
  });

  it.each<[string, Iterable<Uint8Array>, OpenFileOptions, string]>([
    ['139: longer than what is taken in', [good], { limit: 1000 }, 'ARCHIVE_INVALID'],
    ['139: packed, and without an end', endless(Buffer.from('1f8b0800', 'hex')), {}, 'ARCHIVE_INVALID'],
    ['147: zeros without an end', endless(Buffer.alloc(100)), {}, 'ARCHIVE_INVALID'],
    ['147: no tar, and without an end', endless(Buffer.from('nonsense ')), {}, 'ARCHIVE_INVALID'],
    ['176: larger than the disk', [good], { freeBytes: async () => 1000 }, 'DISK_FULL'],
    ['186: not wanted any more', [good], { signal: AbortSignal.abort() }, 'ABORT_ERR'],
  ])('bad input %s: is refused, and nothing of it is left', async (_, pieces, options, code) => {
    const { place, opening } = await spooled(pieces, options);
    await expect(opening).rejects.toMatchObject({ code });
    expect(await readdir(place)).toEqual([]);
  });
});

function* endless(first: Buffer): Generator<Buffer> {
  for (;;) yield first;
}
