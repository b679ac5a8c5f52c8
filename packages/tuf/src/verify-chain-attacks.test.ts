import { MetaFile, Root, Snapshot, TargetFile, Targets, Timestamp } from '@tufjs/models';
import { describe, expect, it } from 'vitest';
import { filesOf, first, published, refusalOf, second, verify } from './chain.test-support.ts';
import { createTestKey, type TestKey, type TestRepository } from './testing/test-repository.ts';
import { type ChainOptions, MAX_METADATA_BYTES } from './verify-chain.ts';

const later = '2027-10-01T00:00:00Z';
const facts = (version: number) => ({ specVersion: '1.0.31', version, expires: later });
const edited = (repository: TestRepository, name: string, change: (text: string) => string) =>
  repository.files.set(name, Buffer.from(change(`${repository.files.get(name)}`)));
const stranger: readonly TestKey[] = [createTestKey(), createTestKey()];

/** What somebody does who stands between us and the repository, or runs its server, and has none of its keys. */
const attacks: readonly [string, string, (repository: TestRepository) => unknown][] = [
  [
    'a changed timestamp',
    'unsigned',
    (it) => edited(it, 'timestamp.json', (text) => text.replace('"version":1', '"version":9')),
  ],
  ['a changed snapshot', 'mismatch', (it) => edited(it, '1.snapshot.json', (text) => text.replace('2027', '2028'))],
  ['changed targets', 'unsigned', (it) => edited(it, '1.targets.json', (text) => text.replace('2027', '2028'))],
  ['a changed trusted root', 'mismatch', (it) => changeTarget(it, Buffer.from('{"trusted":"root X"}'))],
  ['a longer trusted root', 'mismatch', (it) => changeTarget(it, Buffer.concat([first, first]))],
  ['a new root by strangers', 'unsigned', (it) => it.put('2.root.json', new Root(facts(2)), stranger)],
  [
    'a new root by one key where two must sign',
    'unsigned',
    (it) => it.put('2.root.json', rootOf(it, 2), it.keys.root.slice(0, 1)),
  ],
  ['a root that leaves out a number', 'older', (it) => it.put('2.root.json', rootOf(it, 3), it.keys.root)],
  ['a root that is an earlier one', 'older', (it) => it.files.set('2.root.json', it.initialRoot)],
  [
    'a root with a threshold of 0',
    'malformed',
    (it) => edited(it, putRoot(it), (text) => text.replaceAll('"threshold":1', '"threshold":0')),
  ],
  ['a timestamp by a stranger', 'unsigned', (it) => it.put('timestamp.json', timestampOf(1), stranger)],
  ['a timestamp by the snapshot’s key', 'unsigned', (it) => it.put('timestamp.json', timestampOf(1), it.keys.snapshot)],
  [
    'targets by the timestamp’s key',
    'unsigned',
    (it) => it.put('1.targets.json', new Targets(facts(1)), it.keys.timestamp),
  ],
  ['the snapshot in the place of the targets', 'malformed', (it) => copy(it, '1.snapshot.json', '1.targets.json')],
  [
    'targets of another version under that name',
    'older',
    (it) => it.put('1.targets.json', new Targets(facts(7)), it.keys.targets),
  ],
  ['no timestamp', 'missing', (it) => it.files.delete('timestamp.json')],
  ['no snapshot', 'missing', (it) => it.files.delete('1.snapshot.json')],
  ['no targets', 'missing', (it) => it.files.delete('1.targets.json')],
  [
    'no trusted root',
    'missing',
    (it) => [...it.files.keys()].filter((name) => name.startsWith('targets/')).map((name) => it.files.delete(name)),
  ],
  ['a timestamp that is no JSON', 'malformed', (it) => edited(it, 'timestamp.json', () => '{')],
  ['a timestamp that is nothing', 'malformed', (it) => edited(it, 'timestamp.json', () => '')],
  ['a timestamp that is an array', 'malformed', (it) => edited(it, 'timestamp.json', () => '[]')],
  [
    'a key twice in one object',
    'malformed',
    (it) => edited(it, 'timestamp.json', (text) => text.replace('{', '{"signatures":[],')),
  ],
  [
    'a version that is no whole number',
    'malformed',
    (it) => edited(it, 'timestamp.json', (text) => text.replace('"version":1', '"version":1e0')),
  ],
  ['a thousand signatures', 'malformed', (it) => edited(it, 'timestamp.json', manySignatures)],
  ['nesting without end', 'malformed', (it) => edited(it, 'timestamp.json', () => '['.repeat(10_000))],
  [
    'a timestamp that is too long',
    'malformed',
    (it) => edited(it, 'timestamp.json', (text) => text + ' '.repeat(MAX_METADATA_BYTES)),
  ],
];

function changeTarget(repository: TestRepository, bytes: Buffer): void {
  const name = [...repository.files.keys()].find((file) => file.startsWith('targets/')) as string;
  repository.files.set(name, bytes);
}

function rootOf({ keys }: TestRepository, version: number, consistentSnapshot = true): Root {
  const root = new Root({ ...facts(version), consistentSnapshot });
  for (const role of ['root', 'timestamp', 'snapshot', 'targets'] as const)
    for (const { key } of keys[role]) root.addKey(key, role);
  return root;
}

function putRoot(repository: TestRepository): string {
  repository.put('2.root.json', rootOf(repository, 2), repository.keys.root);
  return '2.root.json';
}

const timestampOf = (version: number) =>
  new Timestamp({ ...facts(version), snapshotMeta: new MetaFile({ version: 1 }) });

function copy({ files }: TestRepository, from: string, to: string): void {
  files.set(to, files.get(from) as Buffer);
}

function manySignatures(text: string): string {
  const metadata = JSON.parse(text);
  const more = Array.from({ length: 1000 }, (_, n) => ({ keyid: `${n}`, sig: '00' }));
  return JSON.stringify({ ...metadata, signatures: [...metadata.signatures, ...more] });
}

/** What whoever has a key that is online can do, and what a repository does by mistake. */
const mistakes: readonly [string, string, (repository: TestRepository) => unknown][] = [
  [
    'a target’s hash that climbs out',
    'malformed',
    (it) => it.put('1.targets.json', targetsOf({ sha256: '../../../etc/passwd' }), it.keys.targets),
  ],
  ['a target without a hash', 'malformed', (it) => it.put('1.targets.json', targetsOf({}), it.keys.targets)],
  ['a target under another name only', 'missing', (it) => it.publish(first, { path: '../trusted_root.json' })],
  ['a snapshot that names no targets', 'missing', (it) => putSnapshot(it, {})],
  ['no consistent snapshots', 'malformed', (it) => it.put('2.root.json', rootOf(it, 2, false), it.keys.root)],
];

function targetsOf(hashes: Record<string, string>): Targets {
  const target = new TargetFile({ path: 'trusted_root.json', length: first.length, hashes });
  return new Targets({ ...facts(1), targets: { 'trusted_root.json': target } });
}

function putSnapshot(repository: TestRepository, meta: Record<string, MetaFile>): void {
  const bytes = repository.put('2.snapshot.json', new Snapshot({ ...facts(2), meta }), repository.keys.snapshot);
  const snapshotMeta = new MetaFile({ version: 2, length: bytes.length });
  repository.put('timestamp.json', new Timestamp({ ...facts(2), snapshotMeta }), repository.keys.timestamp);
}

function goBack(files: Map<string, Buffer>, before: ReadonlyMap<string, Buffer>): void {
  files.clear();
  for (const [name, bytes] of before) files.set(name, bytes);
}

describe('bad input 194: what does not come from the repository', () => {
  it.each([...attacks, ...mistakes])('is refused: %s (%s)', async (_, reason, attack) => {
    const repository = published();
    attack(repository);
    expect(await refusalOf(verify(repository))).toBe(reason);
  });

  it.each<[string, string, (repository: TestRepository, before: Map<string, Buffer>) => unknown]>([
    [
      'an older timestamp',
      'older',
      ({ files }, before) => files.set('timestamp.json', before.get('timestamp.json') as Buffer),
    ],
    ['everything as it was before', 'older', ({ files }, before) => goBack(files, before)],
    [
      'a newer timestamp over an older snapshot',
      'older',
      (it) => it.put('timestamp.json', timestampOf(9), it.keys.timestamp),
    ],
    ['a newer snapshot with older targets', 'older', (it) => putRollback(it)],
    ['a snapshot that leaves the targets out', 'malformed', (it) => putAfter(it, {})],
  ])('is refused by who was here before: %s (%s)', async (_, reason, attack) => {
    const repository = published();
    const before = new Map(repository.files);
    repository.publish(second);
    const known = await filesOf(repository);
    attack(repository, before);
    expect(await refusalOf(verify(repository, { known }))).toBe(reason);
  });

  function putRollback(it: TestRepository): void {
    putAfter(it, { 'targets.json': new MetaFile({ version: 1 }) });
  }

  function putAfter(it: TestRepository, meta: Record<string, MetaFile>): void {
    const bytes = it.put('3.snapshot.json', new Snapshot({ ...facts(3), meta }), it.keys.snapshot);
    const snapshotMeta = new MetaFile({ version: 3, length: bytes.length });
    it.put('timestamp.json', new Timestamp({ ...facts(3), snapshotMeta }), it.keys.timestamp);
  }

  it('is refused where one file is of today and another of yesterday (mix and match)', async () => {
    const repository = published();
    const old = repository.files.get('1.targets.json') as Buffer;
    repository.publish(second);
    repository.files.set('2.targets.json', old);
    expect(await refusalOf(verify(repository))).toBe('older');
  });

  it('is refused where roots never end', async () => {
    const repository = published();
    const read: ChainOptions['read'] = async (name) => {
      const [, version] = /^([0-9]+)\.root\.json$/.exec(name) ?? [];
      return version === undefined
        ? undefined
        : repository.put(name, rootOf(repository, Number(version)), repository.keys.root);
    };
    expect(await refusalOf(verify(repository, { read }))).toBe('malformed');
  });
});
