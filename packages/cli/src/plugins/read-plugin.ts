import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { CodedError, printable } from '@dangerzone-image/core/errors';
import * as v from 'valibot';
import type { RuntimeProvider } from '../runtime/runtime-providers.ts';

const MAX_BYTES = 256 * 1024;
const WRITABLE_BY_OTHERS = 0o022;
const HOOK_PREFIX = 'runtime:';

const text = v.pipe(v.string(), v.minLength(1), v.maxLength(1024));
const hook = v.object({ target: text, identifier: v.pipe(text, v.regex(/^[A-Za-z_$][\w$]*$/)) });
/** Of a package.json, all that counts here; the rest is npm's and oclif's. */
const schema = v.object({
  name: v.pipe(text, v.regex(/^(?:@[\w.-]+\/)?[\w.-]+$/)),
  version: v.optional(text),
  oclif: v.object({ hooks: v.record(v.string(), v.unknown()) }),
});
const RUNTIME_NAME = /^[a-z][a-z0-9-]{0,63}$/;

/** A package that brings runtimes, as its metadata has it: none of its code was run. */
export interface Plugin {
  readonly name: string;
  readonly version?: string;
  readonly root: string;
  readonly providers: readonly RuntimeProvider[];
}

/**
 * Reads a package's metadata. What others could change between this check and the loading of the code would run as this
 * user: its folder, the metadata and each entry must be this user's or root's, and nobody else's to write.
 */
export async function readPlugin(path: string): Promise<Plugin> {
  const { parseJson, parseShape, readGuardedFile } = await import('@dangerzone-image/core');
  const root = await realpath(path).catch((cause) => Promise.reject(refused(path, 'is not there', cause)));
  await requireOwn(root, 'folder');
  const file = join(root, 'package.json');
  const place = { where: `plugin ${printable(file)}`, code: 'USAGE' } as const;
  const bytes = await readGuardedFile(file, { limit: MAX_BYTES, what: 'plugin', code: 'USAGE' });
  const { name, version, oclif } = parseShape(schema, parseJson(bytes, place), place);
  const providers: RuntimeProvider[] = [];
  for (const [event, value] of Object.entries(oclif.hooks)) {
    const runtime = event.slice(HOOK_PREFIX.length);
    if (!event.startsWith(HOOK_PREFIX)) continue;
    if (!RUNTIME_NAME.test(runtime)) throw refused(root, `names a runtime ${printable(runtime)}, which is no name`);
    const { target, identifier } = parseShape(hook, value, place);
    await requireEntry(root, target);
    providers.push({ runtime, plugin: name, root, target, identifier, isBundled: false });
  }
  if (providers.length === 0) throw refused(root, 'brings no runtime (a hook "runtime:NAME" in its package.json)');
  return { name, ...(version && { version }), root, providers };
}

/** The file of a hook, below the package's own folder, links followed. */
async function requireEntry(root: string, target: string): Promise<void> {
  const entry = await realpath(join(root, target)).catch((cause) =>
    Promise.reject(refused(root, `has no file ${printable(target)}`, cause)),
  );
  const below = relative(root, entry);
  if (isAbsolute(below) || below === '..' || below.startsWith(`..${sep}`))
    throw refused(root, `names a file outside of its own folder: ${printable(target)}`);
  await requireOwn(entry, 'file');
}

async function requireOwn(path: string, kind: 'folder' | 'file'): Promise<void> {
  const facts = await stat(path);
  if (kind === 'folder' ? !facts.isDirectory() : !facts.isFile()) throw refused(path, `is not a ${kind}`);
  if (process.platform === 'win32') return; // no such bits there: the folder's own access list protects it
  if ((facts.mode & WRITABLE_BY_OTHERS) !== 0) throw refused(path, 'may be changed by other users');
  const uid = process.getuid?.();
  if (uid !== undefined && facts.uid !== uid && facts.uid !== 0) throw refused(path, 'belongs to another user');
}

function refused(path: string, why: string, cause?: unknown): CodedError {
  return new CodedError('USAGE', `plugin ${printable(path)} ${why}`, {
    suggestions: ['Name the folder of an installed package that brings a runtime. Its code would run as you.'],
    details: { path },
    cause,
  });
}
