import { MetaFile, Timestamp } from '@tufjs/models';
import { describe, expect, it } from 'vitest';
import { filesOf, first, now, published, refusalOf, second, verify, yesterday } from './chain.test-support.ts';
import { initialRoot } from './initial-root.ts';
import type { TestRepository } from './testing/test-repository.ts';
import { type ChainOptions, verifyChain } from './verify-chain.ts';

const later = '2027-10-01T00:00:00Z';

describe('a chain of TUF metadata', () => {
  it('gives the trusted root, with versions and dates', async () => {
    const chain = await verify(published());
    expect(Buffer.from(chain.trustedRoot)).toEqual(first);
    expect(chain.versions).toEqual({ root: 1, timestamp: 1, snapshot: 1, targets: 1 });
    expect(chain.expires.timestamp).toEqual(new Date('2027-10-01T00:00:00Z'));
  });

  it('is proven again by the files that it gives, from any root in it', async () => {
    const repository = published();
    repository.rotate('root', 'timestamp', 'snapshot', 'targets');
    const { files, versions } = await verify(repository);
    expect((await verify({ ...repository, files })).versions).toEqual(versions);
    const newer = { initialRoot: files.get('2.root.json') as Buffer, files };
    expect((await verify(newer)).versions).toEqual(versions);
  });

  it.each<Parameters<TestRepository['rotate']>>([
    ['root'],
    ['timestamp'],
    ['snapshot'],
    ['targets'],
    ['root', 'timestamp', 'snapshot', 'targets'],
  ])('goes on over a change of keys: %s', async (...roles) => {
    const repository = published();
    const known = await filesOf(repository);
    repository.rotate(...roles);
    repository.publish(second);
    expect(Buffer.from((await verify(repository, { known })).trustedRoot)).toEqual(second);
  });

  it('goes on over several roots at once', async () => {
    const repository = published();
    const known = await filesOf(repository);
    for (let count = 0; count < 5; count++) repository.rotate('root');
    expect((await verify(repository, { known })).versions.root).toBe(6);
  });

  it('may begin with versions anew where a key was replaced: the way back after a fast-forward attack', async () => {
    const repository = published();
    const far = { specVersion: '1.0.31', version: 2 ** 40, expires: later };
    repository.put(
      'timestamp.json',
      new Timestamp({ ...far, snapshotMeta: new MetaFile({ version: 1 }) }),
      repository.keys.timestamp,
    );
    const known = await filesOf(repository);
    repository.refresh();
    expect(await refusalOf(verify(repository, { known }))).toBe('older');
    repository.rotate('timestamp');
    expect((await verify(repository, { known })).versions.timestamp).toBeLessThan(100);
  });

  it('keeps the timestamp that it has where no newer one is offered', async () => {
    const repository = published();
    const known = await filesOf(repository);
    expect((await verify(repository, { known })).files.get('timestamp.json')).toEqual(known.get('timestamp.json'));
  });

  it('asks for nothing that it has', async () => {
    const repository = published();
    const known = await filesOf(repository);
    const asked: string[] = [];
    const read: ChainOptions['read'] = async (name) => {
      asked.push(name);
      return repository.files.get(name);
    };
    await verify(repository, { known, read });
    expect(asked).toEqual(['2.root.json', 'timestamp.json']);
  });

  it('begins, with what ships, at a root that Sigstore’s own keys sign', async () => {
    const root = Buffer.from(initialRoot, 'base64');
    const chain = verifyChain({ initialRoot: root, read: async () => undefined, now, expiry: 'enforced' });
    await expect(chain).rejects.toMatchObject({ details: { file: 'timestamp.json', reason: 'missing' } });
  });
});

describe('what has expired (a freeze attack)', () => {
  const cases = ['timestamp', 'snapshot', 'targets'] as const;

  it.each(cases)('is refused from the network: %s', async (role) => {
    expect(await refusalOf(verify(published({ expires: { [role]: yesterday } })))).toBe('expired');
  });

  it('is refused also where it is the one that is known', async () => {
    const repository = published({ expires: { timestamp: new Date('2026-10-02T00:00:00Z') } });
    const known = await filesOf(repository);
    const inAWeek = new Date('2026-10-08T00:00:00Z');
    expect(await refusalOf(verify(repository, { known, now: inAWeek }))).toBe('expired');
    repository.refresh(new Date('2026-10-09T00:00:00Z'));
    expect(await refusalOf(verify(repository, { known, now: inAWeek }))).toBeUndefined();
  });

  it('is tolerated of the timestamp, and of nothing else, in what travelled', async () => {
    const verdicts = cases.map((role) =>
      refusalOf(verify(published({ expires: { [role]: yesterday } }), { expiry: 'timestamp-tolerated' })),
    );
    expect(await Promise.all(verdicts)).toEqual([undefined, 'expired', 'expired']);
    const inTwoYears = { now: new Date('2028-10-01T00:00:00Z'), expiry: 'timestamp-tolerated' } as const;
    expect(await refusalOf(verify(published(), inTwoYears))).toBe('expired');
  });

  it('is told, and not refused, of what is kept here', async () => {
    const inTenYears = new Date('2036-10-01T00:00:00Z');
    const { expires } = await verify(published(), { now: inTenYears, expiry: 'told' });
    expect(expires.root < inTenYears).toBe(true);
  });
});
