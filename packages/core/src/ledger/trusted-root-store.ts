import * as v from 'valibot';
import { CodedError } from '../errors/coded-error.ts';
import { parseJson } from '../oci/parse-json.ts';
import { parseShape } from '../oci/parse-shape.ts';
import { timestamp } from '../oci/timestamp.ts';
import { decodeBase64 } from '../verify/canonical-base64.ts';
import { atomicWrite, removeStateFile, removeTemporaries } from './atomic-write.ts';
import { moveAside } from './keep-damaged.ts';
import { listStateFolder } from './list-state-folder.ts';
import { readStateFile } from './read-state-file.ts';
import type { StateFolder } from './state-folder.ts';
import { nodeStateFs, type StateFs } from './state-fs.ts';

/** What one update brought: the files of a TUF repository as they came, by their names there. Nothing here is proven. */
export interface StoredUpdate {
  readonly fetchedAt: Date;
  /** Where they came from, for people. */
  readonly from: string;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** The newest update that is kept, and its number. */
export interface NewestUpdate extends StoredUpdate {
  readonly number: number;
}

interface StoreOptions {
  readonly fs?: StateFs;
}

const MAX_BYTES = 8 * 1024 * 1024;
const MAX_UPDATES = 5_000;
const NUMBERED = /^([1-9][0-9]{0,8})\.json$/;
const updateSchema = v.strictObject({
  schema: v.literal(1, 'expected schema 1: a newer version of this tool wrote it'),
  fetchedAt: timestamp,
  from: v.pipe(v.string(), v.maxLength(4096)),
  files: v.record(
    v.pipe(v.string(), v.regex(/^(targets\/)?[0-9a-z._]{1,200}$/, 'expected the name of a file')),
    v.pipe(
      v.string(),
      v.transform(decodeBase64),
      v.custom<Buffer>((bytes) => bytes !== undefined, 'expected canonical base64'),
    ),
  ),
});

/** Nothing where no update was ever made. */
export async function readNewestUpdate(
  folder: StateFolder,
  { fs = nodeStateFs }: StoreOptions = {},
): Promise<NewestUpdate | undefined> {
  const [number] = await listUpdates(folder, fs);
  if (number === undefined) return undefined;
  const bytes = await readStateFile(folder, [nameOf(number)], MAX_BYTES, fs);
  if (!bytes) return undefined; // taken away since it was listed
  const place = { where: `stored trusted root ${nameOf(number)}`, code: 'STATE_INVALID' } as const;
  const { fetchedAt, from, files } = parseShape(updateSchema, parseJson(bytes, place), place);
  return { number, fetchedAt, from, files: new Map(Object.entries(files)) };
}

/** How many updates are kept. */
export async function countUpdates(folder: StateFolder, { fs = nodeStateFs }: StoreOptions = {}): Promise<number> {
  return (await listUpdates(folder, fs)).length;
}

/**
 * Keeps an update beside the earlier ones: readers see the one before or this one, whole. `replaced` goes once this one
 * is there; for an update that only says the same anew. Whoever calls it holds the folder's lock.
 */
export async function storeUpdate(
  folder: StateFolder,
  { fetchedAt, from, files }: StoredUpdate,
  { replaced, fs = nodeStateFs }: StoreOptions & { readonly replaced?: number | undefined } = {},
): Promise<void> {
  const names = await listStateFolder(folder, [], MAX_UPDATES, fs);
  await removeTemporaries(folder.path, names, fs);
  const number = (numbersOf(names)[0] ?? 0) + 1;
  const encoded = [...files].map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]);
  const text = JSON.stringify({ schema: 1, fetchedAt, from, files: Object.fromEntries(encoded) });
  if (text.length > MAX_BYTES)
    throw new CodedError('LIMIT_EXCEEDED', `the trusted root’s files need ${text.length} bytes: at most ${MAX_BYTES}`);
  await atomicWrite(folder, [nameOf(number)], Buffer.from(text), fs);
  if (replaced !== undefined) await removeStateFile(folder, [nameOf(replaced)], fs);
}

/** Gets the newest out of the way, for it cannot be read or does not verify; it is kept. Its name now. */
export async function moveNewestAside(
  folder: StateFolder,
  { fs = nodeStateFs }: StoreOptions = {},
): Promise<string | undefined> {
  const [number] = await listUpdates(folder, fs);
  return number === undefined ? undefined : moveAside(folder, [nameOf(number)], fs);
}

async function listUpdates(folder: StateFolder, fs: StateFs): Promise<readonly number[]> {
  return numbersOf(await listStateFolder(folder, [], MAX_UPDATES, fs));
}

/** Newest first. */
function numbersOf(names: readonly string[]): number[] {
  return names
    .flatMap((name) => NUMBERED.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((left, right) => right - left);
}

function nameOf(number: number): string {
  return `${number}.json`;
}
