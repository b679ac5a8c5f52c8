import { join } from 'node:path';
import { inspectPreferences, PREFERENCES_FILE } from '../preferences/preferences.ts';
import type { Profile } from '../profile/profile.ts';
import { isTemporary } from './atomic-write.ts';
import { inspectBundles } from './inspect-bundles.ts';
import { inspectDocuments } from './inspect-documents.ts';
import { inspectSignatures, reasonOf, withEntries } from './inspect-signatures.ts';
import { isKeptDamaged } from './keep-damaged.ts';
import { readLastLogIndex } from './last-log-index.ts';
import { LEDGER_FILE, MAX_LEDGER_BYTES } from './ledger.ts';
import { isResetFolder, parseLedger } from './ledger-schema.ts';
import { listStateFolder } from './list-state-folder.ts';
import { readLock } from './read-lock.ts';
import { readStateFile } from './read-state-file.ts';
import { findFolder } from './require-private.ts';
import type { StateFolder } from './state-folder.ts';
import { nodeStateFs, type StateFs } from './state-fs.ts';
import type {
  BundlesInspection,
  DocumentsInspection,
  FloorFileInspection,
  LedgerInspection,
  SignaturesInspection,
  StateInspection,
  StateProblem,
} from './state-inspection.ts';

export type InspectedProfile = Pick<Profile, 'image' | 'floor' | 'dangerzoneLogId' | 'trust' | 'replacedLogs'>;

export interface InspectOptions {
  readonly fs?: StateFs;
  readonly wait?: (milliseconds: number) => Promise<void>;
}

const MAX_NAMES = 10_000;
const OURS =
  /^(ledger\.(json|lock(-journal)?|lock\.json)|preferences\.json|journal|signatures|manifests|bundles|downloads)$/;
const NOTHING: SignaturesInspection = { files: [], sightings: [], highest: {}, otherKeys: [] };
const NO_DOCUMENTS: DocumentsInspection = { sound: [], damaged: [], missing: [] };
const NO_BUNDLES: BundlesInspection = { files: 0, about: [], damaged: [], entries: [] };

/** Looks at everything in a state folder, whatever its condition. Takes no lock and changes nothing. */
export async function inspectState(
  folder: StateFolder,
  profile: InspectedProfile,
  { fs = nodeStateFs, ...options }: InspectOptions = {},
): Promise<StateInspection> {
  const problems: StateProblem[] = [];
  /** What cannot be looked at is a finding, not a failure. */
  const attempt = async <T>(name: string, look: () => Promise<T>, otherwise: T): Promise<T> => {
    try {
      return await look();
    } catch (error) {
      problems.push(byHand(name, error));
      return otherwise;
    }
  };
  const isThere = await attempt('.', () => findFolder(folder.path, fs), false);
  const isBlocked = problems.length > 0;
  const look = <T>(name: string, work: () => Promise<T>, otherwise: T): Promise<T> =>
    isBlocked ? Promise.resolve(otherwise) : attempt(name, work, otherwise);
  for (const name of ['signatures', 'manifests', 'bundles'])
    await look(name, () => findFolder(join(folder.path, name), fs), false);
  const blocked = new Set(problems.map(({ name }) => name));

  const names = await look<readonly string[]>('.', () => namesIn(folder, blocked, fs), []);
  const ledger = isBlocked
    ? { state: 'missing' as const, isMovedAway: false }
    : await inspectLedger(folder, profile, names, fs);
  const known = ledger.state === 'sound' ? ledger.ledger : undefined;
  const bundles = blocked.has('bundles')
    ? NO_BUNDLES
    : await look('bundles', () => inspectBundles(folder, profile, fs), NO_BUNDLES);
  const signatures = blocked.has('signatures')
    ? NOTHING
    : await look('signatures', () => inspectSignatures(folder, profile, fs), NOTHING);
  const unusablePreferences = await look(PREFERENCES_FILE, () => inspectPreferences(folder, fs), undefined);
  const holder = await look('ledger.lock', () => readLock(folder, fs), undefined);
  return {
    path: folder.path,
    isThere,
    ledger,
    floorFile: blocked.has('signatures')
      ? { state: 'missing' }
      : await inspectFloorFile(folder, profile, { fs, ...options }),
    signatures: withEntries(signatures, bundles.entries),
    documents: blocked.has('manifests')
      ? NO_DOCUMENTS
      : await look('manifests', () => inspectDocuments(folder, known, fs), NO_DOCUMENTS),
    bundles,
    ...(unusablePreferences && { unusablePreferences }),
    names,
    leftOvers: names.filter((name) => isTemporary(baseName(name))),
    kept: names.filter((name) => isKeptDamaged(name) || isResetFolder(name)),
    others: names.filter((name) => isForeign(name)),
    ...(holder !== undefined && { holder }),
    problems,
  };
}

async function inspectLedger(
  folder: StateFolder,
  { image }: InspectedProfile,
  names: readonly string[],
  fs: StateFs,
): Promise<LedgerInspection> {
  let bytes: Uint8Array | undefined;
  try {
    bytes = await readStateFile(folder, [LEDGER_FILE], MAX_LEDGER_BYTES, fs);
  } catch (error) {
    return { state: 'refused', why: reasonOf(error) };
  }
  if (!bytes) {
    const isMovedAway = names.some((name) => name.startsWith(LEDGER_FILE) && isKeptDamaged(name));
    return { state: 'missing', isMovedAway };
  }
  try {
    const ledger = parseLedger(bytes, image, join(folder.path, LEDGER_FILE));
    if (ledger) return { state: 'sound', ledger };
    return { state: 'unreadable', bytes, why: { message: 'it is no ledger', suggestions: [] } };
  } catch (error) {
    return { state: 'foreign', why: reasonOf(error) };
  }
}

async function inspectFloorFile(
  folder: StateFolder,
  profile: InspectedProfile,
  options: InspectOptions,
): Promise<FloorFileInspection> {
  if (profile.dangerzoneLogId === undefined) return { state: 'not-used' };
  try {
    const { state, index } = await readLastLogIndex(folder, profile, options);
    return index !== undefined ? { state: 'sound', index } : { state: state === 'empty' ? 'empty' : 'missing' };
  } catch (error) {
    return { state: 'damaged', why: reasonOf(error) };
  }
}

/** Paths in the folder, with those in the folders where files of ours are written. */
async function namesIn(folder: StateFolder, blocked: ReadonlySet<string>, fs: StateFs): Promise<string[]> {
  const below = async (...parents: string[]) =>
    (await listStateFolder(folder, parents, MAX_NAMES, fs)).map((name) => [...parents, name].join('/'));
  const names = await below();
  if (!blocked.has('manifests')) names.push(...(await below('manifests')));
  for (const parent of ['signatures', 'bundles'].filter((name) => !blocked.has(name))) {
    const inIt = await below(parent);
    names.push(...inIt);
    for (const name of inIt.filter((path) => FOLDER_OF_OURS.test(path)))
      names.push(...(await below(...name.split('/'))));
  }
  return names.sort();
}

const FOLDER_OF_OURS = /^(signatures\/|bundles\/sha256-)[0-9a-f]{64}$/;

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function isForeign(name: string): boolean {
  return !name.includes('/') && !OURS.test(name) && !isTemporary(name) && !isKeptDamaged(name) && !isResetFolder(name);
}

function byHand(name: string, error: unknown): StateProblem {
  const { message, suggestions } = reasonOf(error);
  return { code: 'folder-unusable', name, message, mendedBy: 'hand', remedy: suggestions.join(' ') };
}
