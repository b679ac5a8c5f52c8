import { describe, expect, it } from 'vitest';
import type { TestBundle, TestBundleRequest } from '../testing/test-bundle.ts';
import { createTestTileLog, type TestBundleEntry } from '../testing/test-bundle-log.ts';
import { createTestLog } from '../testing/test-log.ts';
import { createTestSigner } from '../testing/test-signer.ts';
import { testTrustedRoot } from '../testing/test-trusted-root.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import { pinnedLog } from '../trust/transparency-log.ts';
import {
  accept,
  byCertificate,
  byKey,
  changed,
  documentOfImage,
  inV2,
  outcome,
  rootMembers,
  signer,
  stamper,
  theirKey,
  time,
  trustIn,
  v1,
  v2,
} from './bundle-world.test-support.ts';

type Entry = Required<TestBundleEntry>;
const entryOf = (bundle: TestBundle) => bundle.verificationMaterial.tlogEntries[0] as Entry;
/** A bundle whose entry was changed after all was signed. */
const withEntry = (bundle: TestBundle, change: (entry: Entry) => void) =>
  changed(bundle, (copy) => change(entryOf(copy)));
const take =
  (from: TestBundle, ...members: (keyof Entry)[]) =>
  (entry: Entry) =>
    Object.assign(entry, Object.fromEntries(members.map((member) => [member, entryOf(from)[member]])));
const flip = (base64: string, at = 0) => {
  const bytes = Buffer.from(base64, 'base64');
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes.toString('base64');
};

const proofOnly = (bundle: TestBundle) =>
  withEntry(bundle, (entry) => {
    entry.inclusionPromise = undefined as never;
  });

const inOne = byKey();
const another = byKey();
const inTwo = byKey(inV2());
const anotherInTwo = byKey(inV2());
const theirs = byKey({ by: theirKey });
const otherV1 = createTestLog();
const otherV2 = createTestTileLog({ name: 'log2027-1.rekor.example.org' });
const withOthers = trustIn(testTrustedRoot({ ...rootMembers, logs: [v1, v2, otherV1, otherV2] }));

describe('the log entry of a bundle', () => {
  it('bad input 65: must be there, unless the trust says that none is required', () => {
    const bare = byKey({ log: undefined as never });
    expect(outcome(bare)).toBe('log-entry-missing');
    expect(outcome(bare, { logEntry: 'not-required' })).toBe('accepted');
    expect(accept(bare, { logEntry: 'not-required' }).log).toBeUndefined();
    expect(outcome(byKey({ log: undefined as never, by: theirKey }), { logEntry: 'not-required' })).toBe(
      'signature-foreign',
    );
  });

  it('bad input 65: a message signature needs none either, where none is required', () => {
    const content = { message: documentOfImage };
    const bare = byKey({ log: undefined as never, content });
    expect(outcome(bare)).toBe('log-entry-missing');
    expect(outcome(bare, { logEntry: 'not-required' })).toBe('accepted');
    expect(outcome(byKey({ log: undefined as never, content, by: theirKey }), { logEntry: 'not-required' })).toBe(
      'signature-foreign',
    );
  });

  it('bad input 65: must be right where there is one, also where none is required', () => {
    for (const bundle of [inOne, inTwo]) {
      const forged = withEntry(bundle, (entry) => {
        entry.inclusionProof.rootHash = flip(entry.inclusionProof.rootHash);
      });
      expect(outcome(forged, { logEntry: 'not-required' })).toBe('log-proof-invalid');
    }
  });

  it.each<[string, TestBundle, string]>([
    [
      '66: with the promise of another entry',
      withEntry(inOne, take(another, 'inclusionPromise')),
      'log-promise-invalid',
    ],
    ['66: with the proof of another entry', withEntry(inOne, take(another, 'inclusionProof')), 'log-proof-invalid'],
    [
      '66: in v2, with the proof of another entry',
      withEntry(inTwo, take(anotherInTwo, 'inclusionProof', 'logIndex')),
      'log-proof-invalid',
    ],
    [
      '66: with the promise and the proof of another entry',
      withEntry(inOne, take(another, 'inclusionPromise', 'inclusionProof', 'logIndex', 'integratedTime')),
      'log-promise-invalid',
    ],
    [
      '59: with the whole entry of another signature',
      changed(inOne, (copy) => {
        copy.verificationMaterial.tlogEntries = [entryOf(another)];
      }),
      'log-entry-mismatch',
    ],
    [
      '59: in v2, with the whole entry of another signature',
      changed(inTwo, (copy) => {
        copy.verificationMaterial.tlogEntries = [entryOf(anotherInTwo)];
      }),
      'log-entry-mismatch',
    ],
    [
      '66: with the whole entry of a stranger',
      changed(inOne, (copy) => {
        copy.verificationMaterial.tlogEntries = [entryOf(theirs)];
      }),
      'log-entry-mismatch',
    ],
    [
      '70: with a bit of the promise changed',
      withEntry(inOne, (entry) => {
        entry.inclusionPromise.signedEntryTimestamp = flip(entry.inclusionPromise.signedEntryTimestamp, 20);
      }),
      'log-promise-invalid',
    ],
    ['70: in a log that is not listed', byKey({ log: otherV1 }), 'log-unknown'],
    ['83: in a v2 log that is not listed', byKey(inV2(otherV2)), 'log-unknown'],
    [
      '72: in a log that is not listed, under the ID of ours',
      withEntry(byKey({ log: otherV1 }), (entry) => {
        entry.logId.keyId = entryOf(inOne).logId.keyId;
      }),
      'log-proof-invalid',
    ],
    [
      '72: the same with a promise alone',
      withEntry(byKey({ log: otherV1, version: '0.1' }), (entry) => {
        entry.logId.keyId = entryOf(inOne).logId.keyId;
        entry.inclusionProof = undefined as never;
      }),
      'log-promise-invalid',
    ],
    [
      '72: the same with a proof alone',
      withEntry(proofOnly(byKey({ log: otherV1 })), (entry) => {
        entry.logId.keyId = entryOf(inOne).logId.keyId;
      }),
      'log-proof-invalid',
    ],
    [
      '72: in v2, under the ID of ours',
      withEntry(byKey(inV2(otherV2)), (entry) => {
        entry.logId.keyId = entryOf(inTwo).logId.keyId;
      }),
      'log-proof-invalid',
    ],
    [
      '71: with another index',
      withEntry(inOne, (entry) => {
        entry.logIndex = '99999999999';
      }),
      'log-promise-invalid',
    ],
    [
      '71: in v2, with another index',
      withEntry(inTwo, (entry) => {
        entry.logIndex = '99999999999';
      }),
      'log-proof-invalid',
    ],
    [
      '71: in v2, with no index',
      withEntry(inTwo, (entry) => {
        entry.logIndex = undefined as never;
      }),
      'log-proof-invalid',
    ],
    [
      '71: in v2, with another index there and in its proof',
      withEntry(inTwo, (entry) => {
        entry.logIndex = '1';
        entry.inclusionProof.logIndex = '1';
      }),
      'log-proof-invalid',
    ],
    [
      '73: with another time',
      withEntry(inOne, (entry) => {
        entry.integratedTime = '4102444800';
      }),
      'log-promise-invalid',
    ],
    [
      'with no time',
      withEntry(inOne, (entry) => {
        entry.integratedTime = undefined as never;
      }),
      'log-key-expired',
    ],
    [
      '88: with a hash changed',
      withEntry(byKey(), (entry) => {
        entry.inclusionProof.hashes[0] = flip(entry.inclusionProof.hashes[0] ?? '');
      }),
      'log-proof-invalid',
    ],
    [
      '88: with a hash more',
      withEntry(inTwo, ({ inclusionProof: { hashes } }) => {
        hashes.push(hashes[0] ?? '');
      }),
      'log-proof-invalid',
    ],
    [
      '88: with a hash less',
      withEntry(inTwo, ({ inclusionProof: { hashes } }) => {
        hashes.pop();
      }),
      'log-proof-invalid',
    ],
    [
      '88: with two hashes exchanged',
      withEntry(inTwo, ({ inclusionProof: { hashes } }) => {
        hashes.reverse();
      }),
      'log-proof-invalid',
    ],
    [
      '88: without its hashes',
      withEntry(inTwo, (entry) => {
        entry.inclusionProof.hashes = [];
      }),
      'log-proof-invalid',
    ],
    [
      '88: with its index at the size',
      withEntry(inOne, ({ inclusionProof }) => {
        inclusionProof.logIndex = inclusionProof.treeSize;
      }),
      'log-proof-invalid',
    ],
    [
      '88: with another size',
      withEntry(inOne, ({ inclusionProof }) => {
        inclusionProof.treeSize = '9';
      }),
      'log-proof-invalid',
    ],
    [
      '88: with another root',
      withEntry(inOne, ({ inclusionProof }) => {
        inclusionProof.rootHash = flip(inclusionProof.rootHash);
      }),
      'log-proof-invalid',
    ],
    [
      '88: with a bad proof beside a good promise',
      withEntry(inOne, ({ inclusionProof }) => {
        inclusionProof.hashes = [inclusionProof.rootHash];
      }),
      'log-proof-invalid',
    ],
    [
      '89: twice',
      changed(inOne, (copy) => {
        copy.verificationMaterial.tlogEntries.push(entryOf(copy));
      }),
      'bundle-malformed',
    ],
    [
      '89: and another of the same signature',
      changed(inOne, (copy) => {
        copy.verificationMaterial.tlogEntries.push(entryOf(another));
      }),
      'bundle-malformed',
    ],
    [
      '72: with a v2 entry that has a promise of v1',
      withEntry(inTwo, take(inOne, 'inclusionPromise', 'integratedTime')),
      'log-promise-invalid',
    ],
    ['of no kind that is known', byKey({ kind: { kind: 'rekord', version: '0.0.1' } }), 'log-entry-unsupported'],
    ['of a version that is not known', byKey({ kind: { kind: 'dsse', version: '0.0.3' } }), 'log-entry-unsupported'],
    [
      'of a kind for another content',
      byKey({ content: { message: documentOfImage }, kind: { kind: 'dsse', version: '0.0.1' } }),
      'log-entry-unsupported',
    ],
    [
      '118: of intoto 0.0.1 in a bundle, which does not hold the envelope as it was uploaded',
      byKey({ kind: { kind: 'intoto', version: '0.0.1' } }),
      'log-entry-mismatch',
    ],
    [
      'with its kind changed',
      withEntry(inOne, (entry) => {
        entry.kindVersion = { kind: 'intoto', version: '0.0.2' };
      }),
      'log-entry-mismatch',
    ],
    [
      'in v2, with its version changed',
      withEntry(inTwo, (entry) => {
        entry.kindVersion = { kind: 'dsse', version: '0.0.2' };
      }),
      'log-entry-mismatch',
    ],
    [
      'with a v1 body under a v2 kind',
      withEntry(inOne, (entry) => {
        entry.kindVersion = { kind: 'dsse', version: '0.0.2' };
        entry.logIndex = entry.inclusionProof.logIndex as string;
      }),
      'log-promise-invalid',
    ],
  ])('bad input %s', (_, bundle, reason) => expect(outcome(bundle)).toBe(reason));
});

describe('which of several trusted logs speaks', () => {
  const logged = byKey({ log: otherV1 });
  const loggedInTwo = byKey(inV2(otherV2));
  it.each<[string, TestBundle]>([
    ['72: an entry of one log under the ID of another', withEntry(logged, take(inOne, 'logId'))],
    ['72: the same with a proof alone', withEntry(proofOnly(logged), take(inOne, 'logId'))],
    ['72: an entry of one shard under the ID of another', withEntry(loggedInTwo, take(inTwo, 'logId'))],
    ['72: a v1 entry under the ID of a v2 log', withEntry(inOne, take(inTwo, 'logId'))],
    ['72: a v2 entry under the ID of a v1 log', withEntry(inTwo, take(inOne, 'logId'))],
  ])('bad input %s is refused, though both are trusted', (_, bundle) => {
    expect([outcome(logged, withOthers), outcome(loggedInTwo, withOthers)]).toEqual(['accepted', 'accepted']);
    expect(outcome(bundle, withOthers)).toMatch(/^log-(?:proof|promise)-invalid$/);
  });

  it('72: a log with the same key hint is another log', () => {
    // Four bytes of hint are cheap to meet: the log's ID counts whole, and its key decides.
    const hinted = (log: typeof v2) => {
      const keyId = Buffer.concat([Buffer.from(v2.id, 'hex').subarray(0, 4), Buffer.alloc(28, 7)]).toString('base64');
      return { instance: { ...log.instance, logId: { keyId } } };
    };
    const both = trustIn(testTrustedRoot({ ...rootMembers, logs: [v2, hinted(otherV2)] }));
    expect(outcome(inTwo, both)).toBe('accepted');
    expect(outcome(withEntry(loggedInTwo, take(inTwo, 'logId')), both)).toBe('log-proof-invalid');
  });
});

describe('what an entry tells', () => {
  const at = (bundle: TestBundle, its = {}) => accept(bundle, its).log;

  it('bad input 71: a proof alone gives a v1 entry neither index nor time, whatever stands beside it', () => {
    expect(at(proofOnly(inOne))).toEqual({ id: v1.id });
    for (const logIndex of ['99999999999', '0', undefined]) {
      const forged = withEntry(proofOnly(inOne), (entry) => {
        Object.assign(entry, { logIndex, integratedTime: '4102444800' });
      });
      expect(at(forged)).toEqual({ id: v1.id });
    }
  });

  it('a proof alone and a timestamp give a v1 entry a time and no index', () => {
    expect(at(proofOnly(byKey({ stamps: inV2().stamps })))).toEqual({ id: v1.id, time });
  });

  it('bad input 73: a v2 entry has no time of its own', () => {
    const bare = byKey({ log: v2 });
    const index = Number(entryOf(bare).logIndex);
    expect(at(bare)).toEqual({ id: v2.id, index });
    expect(at(withEntry(bare, (entry) => Object.assign(entry, { integratedTime: '4102444800' })))).toEqual({
      id: v2.id,
      index,
    });
    expect(at(withEntry(inTwo, (entry) => Object.assign(entry, { integratedTime: '1' })))?.time).toEqual(time);
  });

  it.each([0, 1, 4, 5, 7, 8, 30, 31, 32, 33])('the index in a v2 log after %i others is the proven one', (size) => {
    const log = createTestTileLog({ name: `log-${size}.rekor.example.org`, size });
    const its = trustIn(testTrustedRoot({ ...rootMembers, logs: [log] }));
    for (let more = 0; more < 3; more++) expect(at(byKey(inV2(log)), its)?.index).toBe(size + more);
  });

  it.each([0, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2_086_326_142, Number.MAX_SAFE_INTEGER])(
    'bad inputs 76 and 84: the index in a v1 log is the promised one, %i, and not that of its shard',
    (logIndex) => {
      const log = createTestLog();
      const its = trustIn(testTrustedRoot({ ...rootMembers, logs: [log] }));
      const bundle = byKey({ log, logIndex });
      expect(entryOf(bundle).inclusionProof.logIndex).not.toBe(String(logIndex || 1));
      expect(at(bundle, its)).toEqual({ id: log.id, index: logIndex, time });
    },
  );

  it('the earliest trusted timestamp is the time of a v2 entry', () => {
    const [later, earlier] = [time, new Date(time.getTime() - 5000)].map((date) => ({ authority: stamper, date }));
    const stamps = [later, earlier].flatMap((stamp) => stamp ?? []);
    expect(at(byKey({ log: v2, stamps }))?.time).toEqual(earlier?.date);
  });
});

describe('when the key of a log is valid', () => {
  const ending = (log: { instance: typeof v1.instance }, end?: Date, start = '2020-01-01T00:00:00Z') => ({
    instance: {
      ...log.instance,
      publicKey: {
        ...log.instance.publicKey,
        validFor: { start, ...(end && { end: end.toISOString() }) },
      },
    },
  });
  const trusting = (...logs: { instance: typeof v1.instance }[]) => trustIn(testTrustedRoot({ ...rootMembers, logs }));
  const [before, after] = [new Date(time.getTime() - 1000), new Date(time.getTime() + 1000)];
  const bare = byKey({ log: v2 });

  it.each<[string, TestBundle, Date | undefined, string]>([
    ['to an entry before its end', inOne, after, 'accepted'],
    ['to an entry at its end', inOne, time, 'accepted'],
    ['not to an entry after its end', inOne, before, 'log-key-expired'],
    ['to a v2 entry that was stamped before its end', inTwo, after, 'accepted'],
    ['not to a v2 entry that was stamped after its end', inTwo, before, 'log-key-expired'],
    ['not to an entry of no time, where it has an end', bare, after, 'log-key-expired'],
    [
      'not to an entry of no time that says when it was, where it has an end',
      withEntry(bare, (entry) => Object.assign(entry, { integratedTime: String(before.getTime() / 1000) })),
      after,
      'log-key-expired',
    ],
    ['not to a v1 entry with a proof alone, where it has an end', proofOnly(inOne), after, 'log-key-expired'],
    ['to an entry of no time, where it has none', bare, undefined, 'accepted'],
  ])('bad input 86: it counts %s', (_, bundle, end, expected) => {
    expect(outcome(bundle, trusting(ending(v1, end), ending(v2, end)))).toBe(expected);
  });

  it('bad input 86: it does not count before its start', () => {
    expect(outcome(inOne, trusting(ending(v1, undefined, after.toISOString())))).toBe('log-key-expired');
    expect(outcome(inTwo, trusting(ending(v2, undefined, after.toISOString())))).toBe('log-key-expired');
  });

  it('bad input 85: a log whose key has no start is no log', () => {
    const { start: _, ...validFor } = v1.instance.publicKey.validFor;
    const instance = { ...v1.instance, publicKey: { ...v1.instance.publicKey, validFor } };
    expect(() => trusting({ instance })).toThrow(expect.objectContaining({ code: 'PROFILE_INVALID' }));
  });
});

describe('a log that is pinned by its key', () => {
  const pinned = { logs: [pinnedLog(parsePublicKey(Buffer.from(v1.publicKeyPem), 'log'))], root: undefined as never };

  it('counts under whatever name it signs', () => {
    expect(accept(inOne, pinned)).toEqual(accept(inOne));
    expect(outcome(proofOnly(inOne), pinned)).toBe('accepted');
  });

  it('makes no certificate and no timestamp count', () => {
    expect(outcome(byCertificate(), pinned)).toBe('authority-unknown');
    expect(accept(proofOnly(byKey({ stamps: inV2().stamps })), pinned).log).toEqual({ id: v1.id });
  });

  it('makes no log of the trusted root count', () => expect(outcome(inTwo, pinned)).toBe('log-unknown'));
});

describe('the body of an entry', () => {
  const theirSpki = spkiOf(createTestSigner().publicKeyPem);
  const swapped = (text: string) => {
    const [ours, theirs] = [spkiOf(signer.publicKeyPem), theirSpki];
    const pem = (spki: string) =>
      Buffer.from(`-----BEGIN PUBLIC KEY-----\n${spki.replace(/.{64}/, '$&\n')}\n-----END PUBLIC KEY-----\n`).toString(
        'base64',
      );
    return text.replace(pem(ours), pem(theirs)).replace(ours, theirs);
  };
  const hash = /([0-9a-f]{64})|(?<=digest":")[^"]{44}/;
  // The hash of an envelope as it was uploaded comes first, where there is one: nobody has that envelope, so nobody compares.
  const changes: readonly (readonly [string, (text: string) => string])[] = [
    ['67: with another key', swapped],
    [
      '68: with another digest',
      (text) =>
        text.replace(/([0-9a-f]{64})(?!.*[0-9a-f]{64})|(?<=digest":")[^"]{44}/, (all) =>
          all.length === 64 ? 'ab'.repeat(32) : Buffer.alloc(32, 1).toString('base64'),
        ),
    ],
    ['69: with a digest and more', (text) => text.replace(hash, '$&zz')],
    [
      '69: with a hash in upper case, or another spelling',
      (text) => text.replace(hash, (all) => (all.length === 64 ? all.toUpperCase() : `${all}=`)),
    ],
    ['69: with another algorithm', (text) => text.replace(/sha256|SHA2_256/, 'md5')],
    ['69: with a blank', (text) => text.replace(',', ', ')],
    ['69: with a line feed after it', (text) => `${text}\n`],
    ['69: with a member more', (text) => text.replace('"spec":{', '"spec":{"a":1,')],
    ['69: with a member twice', (text) => text.replace('"kind":', '"kind":"x","kind":')],
    [
      '69: with its members in another order',
      (text) => JSON.stringify({ spec: JSON.parse(text).spec, ...JSON.parse(text) }),
    ],
    ['with another signature', (text) => text.replace(/ME[A-Z]|TUV[A-Z]/, 'AAAA')],
    ['that is no JSON', () => 'hello'],
    ['that is null', () => 'null'],
    ['that is empty', () => '{}'],
    ['with a prototype for its parts', (text) => text.replace('"spec":', '"__proto__":')],
  ];
  const kinds: readonly (readonly [string, Partial<TestBundleRequest>])[] = [
    ['dsse 0.0.1', {}],
    ['intoto 0.0.2', { kind: { kind: 'intoto', version: '0.0.2' } }],
    ['hashedrekord 0.0.1', { content: { message: documentOfImage } }],
    ['hashedrekord 0.0.2', inV2()],
    ['hashedrekord 0.0.2 over the manifest', { content: { message: documentOfImage }, ...inV2() }],
    ['dsse 0.0.2', { ...inV2(), kind: { kind: 'dsse', version: '0.0.2' } }],
  ];
  const rows = kinds.flatMap(([kind, request]) =>
    changes.map(([what, change]) => [what, kind, request, change] as const),
  );

  it.each(rows)('bad input %s is refused in %s, though the log took it', (_, __, request, change) => {
    let hasChanged = false;
    const body = (text: string) => {
      const after = change(text);
      hasChanged = after !== text;
      return after;
    };
    const bundle = byKey({ ...request, body });
    expect(hasChanged).toBe(true);
    expect(outcome(bundle)).toMatch(/^(?:log-entry-(?:mismatch|malformed)|bundle-malformed)$/);
  });
});

function spkiOf(pem: string): string {
  return pem.replace(/-----[^-]+-----|\n/g, '');
}
