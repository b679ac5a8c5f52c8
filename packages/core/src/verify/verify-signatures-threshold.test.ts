import { describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import { bundleDocument, type TestBundle } from '../testing/test-bundle.ts';
import { createTestLog } from '../testing/test-log.ts';
import { createTestSigner } from '../testing/test-signer.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import type { Trust } from '../trust/trust.ts';
import {
  byCertificate,
  byKey,
  digest,
  documentOfImage,
  identity,
  image,
  inV2,
  key,
  signer,
  theirKey,
  time,
  trust,
  v1,
} from './bundle-world.test-support.ts';
import type { FoundSignature } from './found-signature.ts';
import type { LegacySignature } from './legacy-signature.ts';
import { verifySignatures } from './verify-signatures.ts';

const second = createTestSigner({ image, log: v1 });
const secondKey = parsePublicKey(Buffer.from(second.publicKeyPem), 'the second');
const bySecond = (request: object = {}) => bundleDocument(byKey({ by: second, ...request }));
const ours = (...bundles: TestBundle[]) => bundles.map((bundle) => bundleDocument(bundle));
// Signed with the first key, entered where the trust looks.
const legacy = createLegacy();
const other = {
  issuer: identity.issuer,
  subject: 'https://github.com/acme/sandbox/.github/workflows/second.yml@refs/tags/v1',
};
const byOther = () => bundleDocument(byCertificate({ signer: other.subject }));
const two: Trust = { ...trust, keys: [key, secondKey], identities: [identity, other], threshold: 2 };

function createLegacy(): FoundSignature {
  const { payload, signature } = signer.sign({ digest });
  return { payload, signature, bundle: v1.add({ payload: Buffer.from(payload), signature, key, time }) };
}

function codeOfVerifying(found: readonly FoundSignature[], its: Trust = two): string {
  try {
    verifySignatures(found, digest, its, documentOfImage);
    return 'accepted';
  } catch (error) {
    return codeOf(error) ?? 'a bug';
  }
}

describe('a threshold of two', () => {
  it.each<[string, readonly FoundSignature[]]>([
    ['by two keys', [...ours(byKey()), bySecond()]],
    ['by two keys, one in cosign’s legacy form', [legacy, bySecond()]],
    ['by a key and an identity', ours(byKey(), byCertificate())],
    ['by two identities', [...ours(byCertificate()), byOther()]],
    ['by two of three, the third a stranger’s', [...ours(byKey()), bySecond(), ...ours(byKey({ by: theirKey }))]],
  ])('is met %s', (_, found) => expect(codeOfVerifying(found)).toBe('accepted'));

  it.each<[string, readonly FoundSignature[]]>([
    ['one bundle', ours(byKey())],
    [
      'one bundle twice',
      (() => {
        const [one] = ours(byKey());
        return one ? [one, one] : [];
      })(),
    ],
    ['two bundles by one key', ours(byKey(), byKey())],
    ['two bundles by one key, in two logs', ours(byKey(), byKey(inV2()))],
    ['the legacy form and a bundle by one key', [legacy, ...ours(byKey())]],
    [
      'a statement and the manifest, signed by one key',
      ours(byKey(), byKey({ content: { message: documentOfImage } })),
    ],
    ['two certificates of one identity', ours(byCertificate(), byCertificate())],
    ['two certificates of one identity, in two logs', ours(byCertificate(), byCertificate({}, inV2()))],
    [
      'one identity with its issuer in both forms',
      ours(byCertificate({ claims: { 1: identity.issuer } }), byCertificate({ claims: { 8: identity.issuer } })),
    ],
    ['a key and a stranger’s', ours(byKey(), byKey({ by: theirKey }))],
    ['a key and an identity that nobody trusts', ours(byKey(), byCertificate({ signer: `${identity.subject}-evil` }))],
  ])('is not met by %s', (_, found) => expect(codeOfVerifying(found)).toBe('THRESHOLD_NOT_MET'));

  it('is not met by one key that is listed and is in the certificate of a listed identity', () => {
    const pair = { publicKey: key.keyObject, privateKey: signer.privateKey };
    const found = ours(byKey(), byCertificate({ pair }));
    expect(codeOfVerifying(found, { ...two, threshold: 1 })).toBe('accepted');
    expect(codeOfVerifying(found)).toBe('THRESHOLD_NOT_MET');
  });
});

describe('a threshold of two, with patterns', () => {
  const at = (ref: string) => `https://github.com/acme/sandbox/.github/workflows/release.yml@refs/tags/${ref}`;
  const signedAt = (...refs: string[]) => refs.map((ref) => bundleDocument(byCertificate({ signer: at(ref) })));
  const pattern = (source: string) => ({ issuer: identity.issuer, subject: new RegExp(source, 'u') });
  const exactly = (ref: string) => ({ issuer: identity.issuer, subject: at(ref) });
  const outcomeOf = (found: readonly FoundSignature[], ...identities: NonNullable<Trust['identities']>) =>
    codeOfVerifying(found, { ...two, identities });
  const anyTag = pattern('^https://github\\.com/acme/sandbox/\\.github/workflows/release\\.yml@refs/tags/.*$');
  const v1Only = pattern('^.*release\\.yml@refs/tags/v1$');

  it('is not met by two subjects of one pattern: it lists one signer', () => {
    expect(outcomeOf(signedAt('v1', 'v2'), anyTag, other)).toBe('THRESHOLD_NOT_MET');
    expect(outcomeOf([...signedAt('v1', 'v2'), byOther()], anyTag, other)).toBe('accepted');
    expect(outcomeOf([...signedAt('v1', 'v2'), ...ours(byKey())], anyTag)).toBe('accepted');
  });

  it('is not met by one subject that is listed twice, by itself and by a pattern', () => {
    expect(outcomeOf(signedAt('v1'), anyTag, exactly('v1'))).toBe('THRESHOLD_NOT_MET');
    expect(outcomeOf(signedAt('v1', 'v1'), anyTag, v1Only)).toBe('THRESHOLD_NOT_MET');
  });

  it('is met by two subjects that two of those listed can stand for, in whatever order', () => {
    for (const listed of [
      [anyTag, exactly('v1')],
      [exactly('v1'), anyTag],
      [anyTag, v1Only],
    ]) {
      expect(outcomeOf(signedAt('v1', 'v2'), ...listed)).toBe('accepted');
      expect(outcomeOf(signedAt('v2', 'v1'), ...listed)).toBe('accepted');
    }
  });
});

describe('bad input 14: the legacy form and a bundle', () => {
  const [broken] = ours(byKey({ log: createTestLog() }));
  const brokenLegacy = { ...(legacy as LegacySignature), bundle: undefined };
  const [good] = ours(byKey());
  const found = (...all: (FoundSignature | undefined)[]) => all.flatMap((one) => one ?? []);

  it('count each by itself: a broken one beside a good one is told and does no harm', () => {
    for (const all of [
      found(legacy, broken),
      found(broken, legacy),
      found(brokenLegacy, good),
      found(good, brokenLegacy),
    ]) {
      const { verdicts } = verifySignatures(all, digest, trust, documentOfImage);
      expect(verdicts.map(({ verdict }) => verdict).sort()).toEqual(['accepted', 'invalid']);
    }
  });

  it('lend each other nothing: two halves are no signature', () => {
    expect(codeOfVerifying(found(brokenLegacy, broken), trust)).toBe('LOG_ENTRY_INVALID');
  });
});
