import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf, printable } from '@dangerzone-image/core/errors';
import * as v from 'valibot';

const MAX_BYTES = 64 * 1024;
const FILE = 'plugins.json';

const text = v.pipe(v.string(), v.minLength(1), v.maxLength(4096));
const schema = v.strictObject({
  schema: v.literal(1),
  plugins: v.pipe(v.array(v.strictObject({ name: text, path: text })), v.maxLength(32)),
});

/** A package that the user added, and where it was then. */
export type PluginRecord = v.InferOutput<typeof schema>['plugins'][number];

/** What was added; nothing where there is no such file. It names code to run, so nobody else may be able to write it. */
export async function readPluginList(folder: string | undefined): Promise<readonly PluginRecord[]> {
  if (folder === undefined) return [];
  const { parseJson, parseShape, readGuardedFile } = await import('@dangerzone-image/core');
  const path = join(folder, FILE);
  const place = { where: `list of plugins ${printable(path)}`, code: 'USAGE' } as const;
  try {
    const bytes = await readGuardedFile(path, { limit: MAX_BYTES, what: 'list of plugins', code: 'USAGE' });
    return parseShape(schema, parseJson(bytes, place), place).plugins;
  } catch (error) {
    if (codeOf(error) === 'USAGE' && isMissing(error)) return [];
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

/** Whole or not at all: a new file takes the old one's name. */
export async function writePluginList(folder: string, plugins: readonly PluginRecord[]): Promise<void> {
  const path = join(folder, FILE);
  const temporary = `${path}.${process.pid}.tmp`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const file = await open(temporary, 'wx', 0o600);
  try {
    await file.writeFile(`${JSON.stringify({ schema: 1, plugins }, null, 2)}\n`);
    await file.sync();
    await file.close();
    await rename(temporary, path);
  } catch (error) {
    await file.close().catch(() => {});
    await rm(temporary, { force: true });
    throw error;
  }
}
