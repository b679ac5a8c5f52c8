import { describe, expect, it } from 'vitest';
import { bundleDocument, type TestBundle } from '../testing/test-bundle.ts';
import type { TestBundleEntry } from '../testing/test-bundle-log.ts';
import { authority, byCertificate, byKey, changed, inV2, outcome } from './bundle-world.test-support.ts';
import { parseBundle } from './parse-bundle.ts';

const good = byKey();
const withCertificate = byCertificate();
const materialOf = ({ verificationMaterial }: TestBundle) => verificationMaterial;
const entryOf = ({ verificationMaterial }: TestBundle) =>
  verificationMaterial.tlogEntries[0] as Required<TestBundleEntry>;
const chainOf = ({ verificationMaterial }: TestBundle) =>
  verificationMaterial.x509CertificateChain as { certificates: unknown[] };
const envelopeOf = (bundle: TestBundle) => bundle.dsseEnvelope as { signatures: unknown[] };
const asText = (text: string, mediaType: string | undefined = good.mediaType) => ({
  mediaType,
  bytes: Buffer.from(text),
});
const withText = (from: string | RegExp, to: string) => {
  const text = JSON.stringify(good);
  const other = text.replace(from, to);
  if (other === text) throw new TypeError(`nothing to replace: ${from}`);
  return asText(other);
};

describe('the shape of a bundle', () => {
  it.each([
    ['another version', 'application/vnd.dev.sigstore.bundle.v0.4+json'],
    ['text after its version', 'application/vnd.dev.sigstore.bundle+json;version=0.3garbage'],
    ['a version that the library’s pattern takes', 'application/vnd.dev.sigstore.bundle.v9.9+jsonXYZ'],
    ['a version before the first', 'application/vnd.dev.sigstore.bundle+json;version=0.0'],
    ['the first version in the newer spelling', 'application/vnd.dev.sigstore.bundle.v0.1+json'],
    ['upper case', 'application/vnd.dev.sigstore.bundle.V0.3+json'],
    ['a blank', 'application/vnd.dev.sigstore.bundle+json; version=0.3'],
    ['nothing', ''],
  ])('bad input 90: is refused with a media type of %s', (_, mediaType) => {
    expect(outcome(bundleDocument({ ...good, mediaType }))).toBe('bundle-malformed');
  });

  it.each([
    ['another version’s', 'application/vnd.dev.sigstore.bundle+json;version=0.1'],
    ['another spelling’s', 'application/vnd.dev.sigstore.bundle+json;version=0.3'],
    ['no media type', undefined],
  ])('bad input 90: is refused where it is kept under %s', (_, mediaType) => {
    expect(outcome({ ...bundleDocument(good), mediaType })).toBe('bundle-malformed');
  });

  it.each<[string, TestBundle]>([
    [
      'a version that may leave the proof out, and with neither proof nor promise',
      changed(byKey({ version: '0.1' }), (copy) => {
        Object.assign(entryOf(copy), { inclusionPromise: undefined });
        Object.assign(entryOf(copy), { inclusionProof: undefined });
      }),
    ],
    [
      'no proof, in the second version',
      changed(byKey({ version: '0.2' }), (copy) => {
        Object.assign(entryOf(copy), { inclusionProof: undefined });
      }),
    ],
    [
      'no proof',
      changed(good, (copy) => {
        Object.assign(entryOf(copy), { inclusionProof: undefined });
      }),
    ],
    [
      'a proof without checkpoint',
      changed(good, (copy) => {
        Object.assign(entryOf(copy).inclusionProof, { checkpoint: undefined });
      }),
    ],
    [
      'no promise, in the first version',
      changed(byKey({ version: '0.1' }), (copy) => {
        Object.assign(entryOf(copy), { inclusionPromise: undefined });
      }),
    ],
    [
      'a chain, in the third version',
      changed(withCertificate, (copy) => {
        Object.assign(materialOf(copy), { x509CertificateChain: { certificates: [materialOf(copy).certificate] } });
        Object.assign(materialOf(copy), { certificate: undefined });
      }),
    ],
  ])('is refused with %s', (_, bundle) => expect(outcome(bundle)).toBe('bundle-malformed'));

  it.each<[string, TestBundle]>([
    [
      'a message signature beside the envelope',
      changed(good, (copy) => {
        copy.messageSignature = { messageDigest: { algorithm: 'SHA2_256', digest: 'AAAA' }, signature: 'AAAA' };
      }),
    ],
    [
      'neither message signature nor envelope',
      changed(good, (copy) => {
        copy.dsseEnvelope = undefined as never;
      }),
    ],
    [
      'a certificate beside the key',
      changed(withCertificate, (copy) => {
        copy.verificationMaterial.publicKey = { hint: 'x' };
      }),
    ],
    [
      'a chain beside the certificate',
      changed(withCertificate, (copy) => {
        Object.assign(materialOf(copy), { x509CertificateChain: { certificates: [materialOf(copy).certificate] } });
      }),
    ],
    [
      'no signer',
      changed(good, (copy) => {
        copy.verificationMaterial.publicKey = undefined as never;
      }),
    ],
    [
      'no material',
      changed(good, (copy) => {
        copy.verificationMaterial = undefined as never;
      }),
    ],
  ])('bad input 91: is refused with %s', (_, bundle) => expect(outcome(bundle)).toBe('bundle-malformed'));

  it.each<[string, TestBundle]>([
    [
      'an empty chain',
      changed(byCertificate({}, { version: '0.2' }), (copy) => {
        chainOf(copy).certificates = [];
      }),
    ],
    [
      'the authority’s root in its chain',
      changed(byCertificate({}, { version: '0.2' }), (copy) => {
        const certificates = authority.chain.map((each) => ({ rawBytes: each.toString('base64') }));
        chainOf(copy).certificates.push(...certificates);
      }),
    ],
    [
      'nine certificates',
      changed(byCertificate({}, { version: '0.2' }), (copy) => {
        const [leaf] = chainOf(copy).certificates;
        chainOf(copy).certificates = Array.from({ length: 9 }, () => leaf);
      }),
    ],
  ])('bad input 117: is refused with %s', (_, bundle) => expect(outcome(bundle)).toBe('bundle-malformed'));

  it('bad input 117: is taken with an intermediate in its chain, which decides nothing', () => {
    const bundle = changed(byCertificate({}, { version: '0.2' }), (copy) => {
      chainOf(copy).certificates.push({ rawBytes: authority.chain[0]?.toString('base64') });
    });
    expect(outcome(bundle)).toBe('accepted');
  });

  it.each<[string, TestBundle]>([
    [
      'no signature',
      changed(good, (copy) => {
        envelopeOf(copy).signatures = [];
      }),
    ],
    [
      'two signatures, one of them good',
      changed(good, (copy) => {
        envelopeOf(copy).signatures.push({ sig: Buffer.from('another').toString('base64') });
      }),
    ],
    [
      'the same signature twice',
      changed(good, (copy) => {
        envelopeOf(copy).signatures.push(envelopeOf(copy).signatures[0]);
      }),
    ],
  ])('bad input 104: is refused with %s', (_, bundle) => expect(outcome(bundle)).toBe('bundle-malformed'));

  it.each(['constructor', '__proto__', 'toString', '', ' ', '../../key', 'a'.repeat(1000)])(
    'bad input 93: a hint decides nothing: %j',
    (hint) => {
      expect(
        outcome(
          changed(good, (copy) => {
            copy.verificationMaterial.publicKey = { hint };
          }),
        ),
      ).toBe('accepted');
      expect(
        outcome(
          changed(good, (copy) => {
            copy.verificationMaterial.publicKey = {};
          }),
        ),
      ).toBe('accepted');
    },
  );

  it.each([
    '"5175364400e-2"',
    '"51753644.0"',
    '" 51753644 "',
    '"+51753644"',
    '"0x315B23C"',
    '"051753644"',
    '"-5"',
    '"-0"',
    '"not-a-number"',
    '""',
    '51753644',
    '1e3',
    'true',
    '[]',
    '"9007199254740992"',
    '"99999999999999999999"',
  ])('bad inputs 71 and 74: is refused with the index, size or time %s', (number) => {
    expect(outcome(withText(/"logIndex":"\d+","logId"/, `"logIndex":${number},"logId"`))).toBe('bundle-malformed');
    expect(outcome(withText(/"logIndex":"\d+","rootHash"/, `"logIndex":${number},"rootHash"`))).toBe(
      'bundle-malformed',
    );
    expect(outcome(withText(/"integratedTime":"\d+"/, `"integratedTime":${number}`))).toBe('bundle-malformed');
    expect(outcome(withText(/"treeSize":"\d+"/, `"treeSize":${number}`))).toBe('bundle-malformed');
  });

  it.each<[string, (text: string) => string]>([
    ['a member twice', (text) => text.replace('"dsseEnvelope":', '"dsseEnvelope":{},"dsseEnvelope":')],
    ['a member twice but for its case', (text) => text.replace('"dsseEnvelope":', '"DsseEnvelope":{},"dsseEnvelope":')],
    ['a member in protobuf’s other spelling', (text) => text.replace('"dsseEnvelope":', '"dsse_envelope":')],
    ['an unknown member', (text) => text.replace('{', '{"more":1,')],
    ['an unknown member in its entry', (text) => text.replace('"logIndex":', '"more":1,"logIndex":')],
    ['an unknown member in its envelope', (text) => text.replace('"payload":', '"more":1,"payload":')],
    ['an unknown member in its signature', (text) => text.replace('"sig":', '"more":1,"sig":')],
    ['a prototype', (text) => text.replace('{', '{"__proto__":{},')],
    ['text after it', (text) => `${text}x`],
    ['a byte order mark', (text) => `\ufeff${text}`],
    ['base64 of URLs', (text) => text.replace(/"sig":"[^"]*"/, '"sig":"-_-_"')],
    ['base64 without padding', (text) => text.replace(/"keyId":"[^"]*="/, (all) => all.replace('=', ''))],
    ['a blank in base64', (text) => text.replace('"payload":"', '"payload":" ')],
    ['nothing in it', () => ''],
    ['a list in its place', (text) => `[${text}]`],
    ['a depth of 200 000', () => '['.repeat(200_000)],
  ])('has one meaning for every reader: is refused with %s', (_, change) => {
    const text = JSON.stringify(good);
    expect(change(text)).not.toBe(text);
    expect(outcome(asText(change(text)))).toBe('bundle-malformed');
  });

  it.each<[string, number, TestBundle]>([
    [
      'entries',
      9,
      changed(good, (copy) => {
        copy.verificationMaterial.tlogEntries = Array.from({ length: 9 }, () => entryOf(copy) as never);
      }),
    ],
    [
      'hashes',
      65,
      changed(good, (copy) => {
        entryOf(copy).inclusionProof.hashes = Array.from({ length: 65 }, () => 'AAAA');
      }),
    ],
    [
      'timestamps',
      9,
      changed(byKey(inV2()), (copy) => {
        const [stamp] = materialOf(copy).timestampVerificationData?.rfc3161Timestamps ?? [];
        const rfc3161Timestamps = Array.from({ length: 9 }, () => stamp);
        Object.assign(materialOf(copy), { timestampVerificationData: { rfc3161Timestamps } });
      }),
    ],
  ])('is refused with too many %s', (_, __, bundle) => expect(outcome(bundle)).toBe('bundle-malformed'));

  it.each([
    [32 * 1024, 'accepted'], // it does not hold, and a key needs none
    [32 * 1024 + 3, 'bundle-malformed'],
  ])('bad input 16: a timestamp of %i bytes: each would cost a hundredfold in memory', (length, expected) => {
    const bundle = changed(byKey(inV2()), (copy) => {
      const signedTimestamp = Buffer.alloc(length, Buffer.of(5, 0)).toString('base64');
      Object.assign(materialOf(copy), { timestampVerificationData: { rfc3161Timestamps: [{ signedTimestamp }] } });
    });
    expect(outcome(bundle)).toBe(expected);
  });

  it('bad input 16: has at most 4 MiB, as an attestation may', () => {
    const text = Buffer.from(JSON.stringify(good));
    const padded = (length: number) => Buffer.concat([text, Buffer.alloc(length - text.length, ' ')]);
    expect(parseBundle(padded(4 * 1024 * 1024)).mediaType).toBe(good.mediaType);
    expect(() => parseBundle(padded(4 * 1024 * 1024 + 1))).toThrow(
      expect.objectContaining({ detail: expect.stringMatching(/^it has 4194305 bytes/) }),
    );
  });

  it('bad input 16: is refused with a log entry of a megabyte: each key would be held against it', () => {
    const bundle = changed(good, (copy) => {
      entryOf(copy).canonicalizedBody = Buffer.alloc(1_000_000, '[],').toString('base64');
    });
    expect(outcome(bundle)).toBe('bundle-malformed');
  });

  it.each([0, 4, 31, 33, 1_000_000])('is refused with a log ID of %i bytes, which messages would show', (length) => {
    const bundle = changed(good, (copy) => {
      entryOf(copy).logId.keyId = Buffer.alloc(length).toString('base64');
    });
    expect(outcome(bundle)).toBe('bundle-malformed');
  });

  it('takes what protobuf’s JSON leaves out or writes as null', () => {
    const bundle = changed(byKey(inV2()), (copy) => {
      Object.assign(materialOf(copy), { certificate: null });
      Object.assign(materialOf(copy), { x509CertificateChain: null });
      copy.messageSignature = null as never;
      Object.assign(entryOf(copy), { integratedTime: null });
      Object.assign(entryOf(copy), { inclusionPromise: null });
    });
    expect(outcome(bundle)).toBe('accepted');
  });
});
