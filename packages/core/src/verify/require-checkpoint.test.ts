import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { TestBundle } from '../testing/test-bundle.ts';
import { createTestTileLog, signTestNote, type TestInclusionProof } from '../testing/test-bundle-log.ts';
import { testTrustedRoot } from '../testing/test-trusted-root.ts';
import { byKey, changed, inV2, outcome, rootMembers, trustIn, v1 } from './bundle-world.test-support.ts';

const { privateKey } = generateKeyPairSync('ed25519');
const log = createTestTileLog({ privateKey });
const id = Buffer.from(log.id, 'hex');
const own = { name: log.name, id, privateKey };
const witness = (name: string) => ({
  name,
  id: Buffer.from('a witness'),
  privateKey: generateKeyPairSync('ed25519').privateKey,
});
const trust = trustIn(testTrustedRoot({ ...rootMembers, logs: [v1, log] }));
const good = byKey(inV2(log));
const proofOf = (bundle: TestBundle) =>
  bundle.verificationMaterial.tlogEntries[0]?.inclusionProof as TestInclusionProof;
const { treeSize: size, rootHash: root, checkpoint } = proofOf(good);

const withCheckpoint = (envelope: string) =>
  changed(good, (copy) => {
    proofOf(copy).checkpoint.envelope = envelope;
  });
/** The log signs whatever it is given. */
const signed = (lines: readonly string[], signers: Parameters<typeof signTestNote>[1] = [own]) =>
  withCheckpoint(signTestNote(lines, signers));
const usual = [log.name, size, root];
const resized = (treeSize: string) =>
  changed(signed([log.name, treeSize, root]), (copy) => {
    proofOf(copy).treeSize = treeSize;
  });

describe('the checkpoint of a proof', () => {
  it.each<[string, TestBundle]>([
    ['as the log signs it', good],
    [
      'with witnesses after the log',
      signed(usual, [own, witness('witness.example.org'), witness('other.example.org/here')]),
    ],
    ['with witnesses before the log', signed(usual, [witness('witness.example.org'), own])],
    ['with lines that extend it', signed([...usual, 'Timestamp: 1693413465386285216', 'other'])],
    ['with the number of its tree', signed([`${log.name} - 1193050959916656506`, size, root])],
    ['with 64 signatures', signed(usual, [own, ...Array.from({ length: 63 }, () => witness('w.example.org'))])],
    [
      'with a signature by another key under its hint and name, beside its own',
      signed(usual, [{ ...witness(log.name), id }, own]),
    ],
  ])('is taken %s', (_, bundle) => expect(outcome(bundle, trust)).toBe('accepted'));

  it.each<[string, TestBundle]>([
    ['another key hint', signed(usual, [{ ...own, id: Buffer.from('other hint') }])],
    ['a signature by another key under its hint and name', signed(usual, [{ ...witness(log.name), id }])],
    ['a part of its name', signed(usual, [{ ...own, name: 'rekor' }])],
    ['a dot for its name', signed(usual, [{ ...own, name: '.' }])],
    ['its name and more', signed(usual, [{ ...own, name: `${log.name}.example.com` }])],
    ['its name in upper case', signed(usual, [{ ...own, name: log.name.toUpperCase() }])],
    ['its URL for a name', signed(usual, [{ ...own, name: `https://${log.name}` }])],
    ['witnesses alone', signed(usual, [witness('witness.example.org')])],
    ['no signature', withCheckpoint(`${usual.join('\n')}\n\n`)],
    ['no signed part', withCheckpoint(checkpoint.envelope.slice(checkpoint.envelope.indexOf('\n\n')))],
    ['no line between text and signatures', withCheckpoint(checkpoint.envelope.replace('\n\n', '\n'))],
    ['a witness’s line without its end', withCheckpoint(`${checkpoint.envelope}\u2014 w AAAAAAAA`)],
    ['no end of line', withCheckpoint(checkpoint.envelope.trimEnd())],
    ['text after its signatures', withCheckpoint(`${checkpoint.envelope}more\n`)],
    ['an empty line after its signatures', withCheckpoint(`${checkpoint.envelope}\n`)],
    ['another dash', withCheckpoint(checkpoint.envelope.replace('\u2014', '-'))],
    ['nothing in it', withCheckpoint('')],
    ['no origin', signed(['', size, root])],
    ['another origin, of a log with the same key', signed(['log2027-1.rekor.example.org', size, root])],
    ['an origin that begins like its own', signed([`${log.name}.example.com - 1`, size, root])],
    ['no size', signed([log.name, root])],
    ['no root', signed([log.name, size])],
    ['a root of another length', signed([log.name, size, Buffer.alloc(20, 1).toString('base64')])],
    ['another root', signed([log.name, size, Buffer.alloc(32, 1).toString('base64')])],
    ['another size', signed([log.name, String(Number(size) + 1), root])],
    ['65 signatures', signed(usual, [own, ...Array.from({ length: 64 }, () => witness('w.example.org'))])],
    ['10 000 signature lines', withCheckpoint(checkpoint.envelope + '\u2014 w AAAAAAAA\n'.repeat(10_000))],
    ['more than 64 kB', signed([...usual, 'x'.repeat(64 * 1024)])],
    ['a signature line of 60 kB', withCheckpoint(`${checkpoint.envelope}\u2014 w ${'A'.repeat(60_000)}=\n`)],
  ])('bad input 87: is refused with %s', (_, bundle) => expect(outcome(bundle, trust)).toBe('log-proof-invalid'));

  it.each(['0', '-5', '+6', '06', '6.0', '0x6', '1e1', ' 6', 'six'])(
    'bad input 87: is refused with the size %j',
    (treeSize) => {
      expect(outcome(signed([log.name, treeSize, root]), trust)).toBe('log-proof-invalid');
      expect(outcome(resized(treeSize), trust)).toMatch(/^(?:log-proof-invalid|bundle-malformed)$/);
    },
  );

  it('bad input 87: a size larger than the tree is refused, though the log signed it', () => {
    expect(outcome(resized('4096'), trust)).toBe('log-proof-invalid');
  });
});

describe('the name of a log', () => {
  const named = (name: string, key: KeyObject = privateKey) => createTestTileLog({ name, privateKey: key });
  it.each([
    ['with a port', 'rekor.example.org:8443', 'https://rekor.example.org:8443'],
    ['with a port that it leaves out', 'rekor.example.org', 'https://rekor.example.org:8443'],
    ['with a path', 'rekor.example.org/logs/2026', 'https://rekor.example.org/logs/2026'],
    ['with a path and a slash', 'rekor.example.org/logs/2026', 'https://rekor.example.org/logs/2026/'],
    ['with a path that it leaves out', 'rekor.example.org', 'https://rekor.example.org/logs/2026'],
    ['on this machine', 'localhost:3000', 'http://localhost:3000'],
  ])('may come from a base URL %s', (_, name, baseUrl) => {
    const one = named(name);
    const its = trustIn(testTrustedRoot({ ...rootMembers, logs: [{ instance: { ...one.instance, baseUrl } }] }));
    expect(outcome(byKey(inV2(one)), its)).toBe('accepted');
  });

  it.each([
    ['another port', 'rekor.example.org:8444', 'https://rekor.example.org:8443'],
    ['another path', 'rekor.example.org/logs/2025', 'https://rekor.example.org/logs/2026'],
    ['a part of its path', 'rekor.example.org/logs', 'https://rekor.example.org/logs/2026'],
  ])('bad input 87: is refused with %s', (_, name, baseUrl) => {
    const one = named(name);
    const its = trustIn(testTrustedRoot({ ...rootMembers, logs: [{ instance: { ...one.instance, baseUrl } }] }));
    expect(outcome(byKey(inV2(one)), its)).toBe('log-proof-invalid');
  });
});
