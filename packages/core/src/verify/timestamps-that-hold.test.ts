import { describe, expect, it } from 'vitest';
import type { TestBundle } from '../testing/test-bundle.ts';
import { createTestTimestampAuthority } from '../testing/test-timestamp-authority.ts';
import { testTrustedRoot } from '../testing/test-trusted-root.ts';
import {
  accept,
  byCertificate,
  byKey,
  changed,
  inV2,
  outcome,
  rootMembers,
  stamper,
  time,
  trustIn,
  v2,
} from './bundle-world.test-support.ts';

const unknown = createTestTimestampAuthority();
const expired = createTestTimestampAuthority({ notAfter: new Date(time.getTime() - 1000) });
const trust = trustIn(testTrustedRoot({ ...rootMembers, timestampAuthorities: [stamper, expired] }));
const stampsOf = ({ verificationMaterial: { timestampVerificationData } }: TestBundle) =>
  timestampVerificationData?.rfc3161Timestamps ?? [];
const withStamp = (bundle: TestBundle, signedTimestamp: string) =>
  changed(bundle, (copy) => {
    stampsOf(copy)[0] = { signedTimestamp };
  });
const flipped = (base64: string, fromEnd: number) => {
  const bytes = Buffer.from(base64, 'base64');
  bytes[bytes.length - fromEnd] = (bytes.at(-fromEnd) ?? 0) ^ 1;
  return bytes.toString('base64');
};

/** What may lie in a bundle in a timestamp's place. */
const others: readonly (readonly [string, (bundle: TestBundle) => TestBundle])[] = [
  ['by an authority that nobody trusts', (bundle) => withStamp(bundle, unknown.stamp(signatureOf(bundle), time))],
  [
    'by an authority whose certificate had expired',
    (bundle) => withStamp(bundle, expired.stamp(signatureOf(bundle), time)),
  ],
  ['over another signature', (bundle) => withStamp(bundle, stamper.stamp(Buffer.from('another'), time))],
  [
    'with a bit of its signature changed',
    (bundle) => withStamp(bundle, flipped(stampsOf(bundle)[0]?.signedTimestamp ?? '', 1)),
  ],
  [
    'with a bit of its time changed',
    (bundle) => withStamp(bundle, changedTime(stampsOf(bundle)[0]?.signedTimestamp ?? '')),
  ],
  ['that is no timestamp', (bundle) => withStamp(bundle, Buffer.from('hello').toString('base64'))],
  ['that ends early', (bundle) => withStamp(bundle, (stampsOf(bundle)[0]?.signedTimestamp ?? '').slice(0, 400))],
  ['that is an empty sequence', (bundle) => withStamp(bundle, Buffer.of(0x30, 0).toString('base64'))],
];

function signatureOf({ dsseEnvelope }: TestBundle): Buffer {
  return Buffer.from(dsseEnvelope?.signatures[0]?.sig ?? '', 'base64');
}

function changedTime(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  const at = bytes.indexOf('20260729100000Z');
  bytes[at + 3] = 0x35;
  return bytes.toString('base64');
}

describe('a timestamp', () => {
  it.each(others)('bad input 94: %s is no fault of a key’s signature, and tells no time', (_, change) => {
    const logged = byKey({ ...inV2() });
    expect(accept(logged, trust).log?.time).toEqual(time);
    const bundle = change(logged);
    expect(accept(bundle, trust).log).toEqual({
      id: v2.id,
      index: Number(bundle.verificationMaterial.tlogEntries[0]?.logIndex),
    });
    expect(accept(change(byKey({ stamps: inV2().stamps })), trust).log?.time).toEqual(time);
  });

  it.each(others)('bad input 94: %s refuses a certificate’s signature', (_, change) => {
    expect(outcome(change(byCertificate({}, inV2())), trust)).toMatch(/^(?:timestamp-invalid|bundle-malformed)$/);
  });

  it.each(others)('bad input 94: %s beside a good one refuses a certificate’s signature', (_, change) => {
    const twice = byCertificate(
      {},
      { log: v2, stamps: [...inV2().stamps, { authority: stamper, date: new Date(time.getTime() + 1000) }] },
    );
    expect(outcome(twice, trust)).toBe('accepted');
    expect(outcome(change(twice), trust)).toMatch(/^(?:timestamp-invalid|bundle-malformed)$/);
  });

  it('an authority that the trusted root ended stamps nothing afterwards', () => {
    const ended = (end: Date) =>
      trustIn(
        testTrustedRoot({
          ...rootMembers,
          timestampAuthorities: [
            { instance: { ...stamper.instance, validFor: { ...stamper.instance.validFor, end: end.toISOString() } } },
          ],
        }),
      );
    const bundle = byCertificate({}, inV2());
    expect(outcome(bundle, ended(time))).toBe('accepted');
    expect(outcome(bundle, ended(new Date(time.getTime() - 1000)))).toBe('timestamp-invalid');
  });

  it('a certificate authority is no timestamp authority, nor the other way round', () => {
    const [authority] = rootMembers.authority.rootMembers.certificateAuthorities;
    const exchanged = trustIn(
      testTrustedRoot({
        ...rootMembers,
        authority: {
          rootMembers: { ...rootMembers.authority.rootMembers, certificateAuthorities: [stamper.instance] },
        },
        timestampAuthorities: authority ? [{ instance: authority }] : [],
      }),
    );
    expect(outcome(byCertificate({}, inV2()), exchanged)).toBe('timestamp-invalid');
    expect(outcome(byCertificate(), exchanged)).toBe('authority-unknown');
  });
});
