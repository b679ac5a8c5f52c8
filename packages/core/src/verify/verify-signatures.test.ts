import { describe, expect, it } from 'vitest';
import { CodedError, codeOf } from '../errors/coded-error.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { createTestLog } from '../testing/test-log.ts';
import { createTestSigner, simpleSigningPayload, type TestSigner } from '../testing/test-signer.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import { pinnedLog, type TransparencyLog } from '../trust/transparency-log.ts';
import type { Trust } from '../trust/trust.ts';
import type { LegacySignature } from './legacy-signature.ts';
import { MAX_SIGNATURES, verifySignatures } from './verify-signatures.ts';

const image = 'registry.example.org/team/sandbox';
const digest = digestOf(Buffer.from('the image'));
const otherDigest = digestOf(Buffer.from('another image'));
const signer = createTestSigner({ image });
const rotated = createTestSigner({ image, log: signer.log });
const stranger = createTestSigner({ image, log: signer.log });

const keyOf = ({ publicKeyPem }: TestSigner) => parsePublicKey(Buffer.from(publicKeyPem), 'of the test');
const logOf = ({ publicKeyPem }: { publicKeyPem: string }) =>
  pinnedLog(parsePublicKey(Buffer.from(publicKeyPem), 'of the test log'));
const trust: Trust = { image, keys: [keyOf(signer)], threshold: 1, logs: [logOf(signer.log)] };

/** How it ended: accepted, or the code with the reason of the last signature. */
function outcome(
  found: LegacySignature | readonly LegacySignature[],
  its: Partial<Trust> = {},
  of: Digest = digest,
): string {
  try {
    verifySignatures([found].flat() as LegacySignature[], of, { ...trust, ...its });
    return 'accepted';
  } catch (error) {
    const verdicts =
      error instanceof CodedError ? (error.details.signatures as { reason?: string }[] | undefined) : undefined;
    return [codeOf(error), verdicts?.at(-1)?.reason].filter(Boolean).join(' ');
  }
}

const good = () => signer.sign({ digest });
const withText = (text: string) => signer.sign({ digest, payload: Buffer.from(text) });
const payloadText = Buffer.from(simpleSigningPayload(image, digest)).toString();
const critical = JSON.parse(payloadText).critical;
const withCritical = (members: Record<string, unknown>) =>
  withText(JSON.stringify({ critical: { ...critical, ...members }, optional: null }));

describe('signatures over a digest', () => {
  it('are evidence that names the digest, the image, each signer and each log entry', () => {
    const time = new Date('2026-07-29T10:00:00Z');
    const found = [stranger.sign({ digest }), signer.sign({ digest, logIndex: 2_086_326_142, time })];
    const signed = verifySignatures(found, digest, trust);
    expect(signed).toMatchObject({ image, digest, accepted: [found[1]] });
    expect(signed.verdicts).toEqual([
      { verdict: 'foreign', digest, reason: 'signature-foreign' },
      { verdict: 'accepted', digest, key: signer.fingerprint, log: { id: signer.logId, index: 2_086_326_142, time } },
    ]);
  });

  it('bad input 49: none at all is "unsigned"', () => {
    expect(outcome([])).toBe('SIGNATURE_MISSING');
    expect(outcome([], { threshold: 0 })).toBe('SIGNATURE_MISSING');
    expect(outcome([], { logEntry: 'not-required' })).toBe('SIGNATURE_MISSING');
  });

  it('bad input 50: only foreign ones are not "unsigned"', () => {
    expect(outcome(stranger.sign({ digest }))).toBe('SIGNATURE_FOREIGN signature-foreign');
    expect(outcome([stranger.sign({ digest }), good()])).toBe('accepted');
  });

  it('bad input 63: 50 are read, 51 are not, wherever the good one stands', () => {
    const foreign = Array.from({ length: MAX_SIGNATURES - 1 }, () => stranger.sign({ digest }));
    expect(MAX_SIGNATURES).toBe(50);
    expect(outcome([...foreign, good()])).toBe('accepted');
    expect(outcome([good(), ...foreign, stranger.sign({ digest })])).toBe('LIMIT_EXCEEDED');
  });

  it('bad input 64: a removed key does not count any more, on either side of a rotation', () => {
    const both = [keyOf(signer), keyOf(rotated)];
    expect(outcome(good(), { keys: both })).toBe('accepted');
    expect(outcome(rotated.sign({ digest }), { keys: both })).toBe('accepted');
    expect(outcome(good(), { keys: [keyOf(rotated)] })).toBe('SIGNATURE_FOREIGN signature-foreign');
    expect(outcome(good(), { keys: [] })).toBe('SIGNATURE_FOREIGN signature-foreign');
  });

  it('need as many distinct keys as the threshold says', () => {
    const keys = [keyOf(signer), keyOf(rotated)];
    expect(outcome([good(), rotated.sign({ digest })], { keys, threshold: 2 })).toBe('accepted');
    expect(outcome([good(), good()], { keys, threshold: 2 })).toMatch(/^THRESHOLD_NOT_MET/);
    expect(outcome([good(), signer.logAgain(good())], { keys, threshold: 2 })).toMatch(/^THRESHOLD_NOT_MET/);
    expect(outcome([good(), stranger.sign({ digest })], { keys, threshold: 2 })).toMatch(/^THRESHOLD_NOT_MET/);
    expect(outcome([good(), rotated.sign({ digest: otherDigest })], { keys, threshold: 2 })).toMatch(
      /^THRESHOLD_NOT_MET/,
    );
    expect(outcome([good(), good()], { keys: [...trust.keys, ...trust.keys], threshold: 2 })).toMatch(
      /^THRESHOLD_NOT_MET/,
    );
    expect(outcome(good(), { threshold: Number.NaN })).toMatch(/^THRESHOLD_NOT_MET/);
  });
});

describe('the payload of a signature', () => {
  it.each([
    ['as cosign writes it', payloadText],
    ['with annotations of its publisher', payloadText.replace('null', '{"release":"1.0.0","count":1.5}')],
    ['without optional', payloadText.replace(',"optional":null', '')],
    ['with blanks', JSON.stringify(JSON.parse(payloadText), null, 2)],
  ])('counts %s', (_, text) => expect(outcome(withText(text))).toBe('accepted'));

  it.each([
    [
      '51: of another digest, taken from its own signature',
      signer.sign({ digest: otherDigest }),
      'SIGNATURE_INVALID payload-other-digest',
    ],
    [
      '52: of another repository',
      signer.sign({ image: 'ghcr.io/almet/dangerzone/dangerzone', digest }),
      'SIGNATURE_INVALID payload-other-image',
    ],
    [
      '54: of another type',
      withCritical({ type: 'atomic container signature' }),
      'SIGNATURE_INVALID payload-other-type',
    ],
    ['54: of an empty type', withCritical({ type: '' }), 'SIGNATURE_INVALID payload-other-type'],
    [
      '54: of a type with a blank after it',
      withCritical({ type: `${critical.type} ` }),
      'SIGNATURE_INVALID payload-other-type',
    ],
    ['54: of no type', withCritical({ type: undefined }), 'SIGNATURE_MALFORMED payload-malformed'],
    [
      '54: with a further critical member',
      withCritical({ expires: '2020-01-01' }),
      'SIGNATURE_MALFORMED payload-malformed',
    ],
    [
      '54: with a further identity',
      withCritical({ identity: { ...critical.identity, name: 'x' } }),
      'SIGNATURE_MALFORMED payload-malformed',
    ],
    [
      '54: with a further digest',
      withCritical({ image: { ...critical.image, digest: otherDigest } }),
      'SIGNATURE_MALFORMED payload-malformed',
    ],
    [
      '54: with a critical list',
      withText(JSON.stringify({ critical: [critical] })),
      'SIGNATURE_MALFORMED payload-malformed',
    ],
    [
      '54: with a critical text',
      withText(JSON.stringify({ critical: JSON.stringify(critical) })),
      'SIGNATURE_MALFORMED payload-malformed',
    ],
    ['54: with critical null', withText('{"critical":null}'), 'SIGNATURE_MALFORMED payload-malformed'],
    ['54: that is a list', withText(`[${payloadText}]`), 'SIGNATURE_MALFORMED payload-malformed'],
    ['54: that is no JSON', withText('signed'), 'SIGNATURE_MALFORMED payload-malformed'],
    ['54: that is empty', withText(''), 'SIGNATURE_MALFORMED payload-malformed'],
    [
      '54: with critical twice',
      withText(payloadText.replace('{', '{"critical":{},')),
      'SIGNATURE_MALFORMED payload-malformed',
    ],
    [
      '54: with Critical beside critical',
      withText(payloadText.replace('{', '{"Critical":{},')),
      'SIGNATURE_MALFORMED payload-malformed',
    ],
    [
      '55: with two digests',
      withText(payloadText.replace('"image":{', `"image":{"docker-manifest-digest":"${otherDigest}",`)),
      'SIGNATURE_MALFORMED payload-malformed',
    ],
    [
      '55: with the digest twice',
      withText(payloadText.replace('"image":{', `"image":{"docker-manifest-digest":"${digest}",`)),
      'SIGNATURE_MALFORMED payload-malformed',
    ],
    [
      '55: with a doubled prefix',
      withCritical({ image: { 'docker-manifest-digest': `sha256:${digest}` } }),
      'SIGNATURE_MALFORMED payload-malformed',
    ],
    [
      '55: with bare hex',
      withCritical({ image: { 'docker-manifest-digest': digest.slice(7) } }),
      'SIGNATURE_MALFORMED payload-malformed',
    ],
    [
      '55: with an upper-case digest',
      withCritical({ image: { 'docker-manifest-digest': digest.toUpperCase() } }),
      'SIGNATURE_MALFORMED payload-malformed',
    ],
    [
      '55: with a line feed after the digest',
      withCritical({ image: { 'docker-manifest-digest': `${digest}\n` } }),
      'SIGNATURE_MALFORMED payload-malformed',
    ],
    [
      '55: with a list of digests',
      withCritical({ image: { 'docker-manifest-digest': [digest] } }),
      'SIGNATURE_MALFORMED payload-malformed',
    ],
  ])('bad input %s: does not count', (_, signature, expected) => expect(outcome(signature)).toBe(expected));
});

describe('the docker-reference of a payload', () => {
  const refused = 'SIGNATURE_INVALID payload-other-image';
  it.each([
    [image, image, 'accepted'],
    [`${image}:v1`, image, 'accepted'],
    [`${image}:V1.0_x-y`, image, 'accepted'],
    ['registry.example.org:5000/team/x:v1', 'registry.example.org:5000/team/x', 'accepted'],
    ['docker.io/library/x', 'docker.io/library/x', 'accepted'],
    ['index.docker.io/library/x', 'docker.io/library/x', 'accepted'],
    ['x', 'docker.io/library/x', 'accepted'],
    [`${image}@${digest}`, image, refused],
    [`${image}:v1@${digest}`, image, refused],
    [`${image}:`, image, refused],
    [`${image}/`, image, refused],
    [`${image}//`, image, refused],
    [` ${image}`, image, refused],
    [`${image}\n`, image, refused],
    [`${image}\0`, image, refused],
    [`https://${image}`, image, refused],
    [`${image}-evil`, image, refused],
    [`${image}/evil`, image, refused],
    [image.slice(0, -1), image, refused],
    [image.replace('.org', '.org:443'), image, refused],
    [image.replace('registry', 'Registry'), image, refused],
    [image.toUpperCase(), image, refused],
    [image.replace('o', 'о'), image, refused],
    [image.replace('team/', ''), image, refused],
    ['team/sandbox', image, refused],
    ['evildocker.io/library/x', 'docker.io/library/x', refused],
    ['docker.io.evil.example/library/x', 'docker.io/library/x', refused],
    ['library/x', 'registry.example.org/library/x', refused],
    ['', image, refused],
    ['a'.repeat(10_000), image, refused],
  ])('bad input 53: %j for the image %s', (reference, expected, result) => {
    const signature = signer.sign({ digest, image: reference });
    expect(outcome(signature, { image: expected })).toBe(result);
  });

  it.each([
    ['missing', {}],
    ['a list', { 'docker-reference': [image] }],
    ['null', { 'docker-reference': null }],
    ['in another case', { 'Docker-Reference': image }],
  ])('bad input 53: may not be %s', (_, identity) => {
    expect(outcome(withCritical({ identity }))).toBe('SIGNATURE_MALFORMED payload-malformed');
  });
});

describe('a key that signs several images and logs that are not trusted', () => {
  const elsewhere = createTestLog();
  const found = () => loggedIn(elsewhere);
  const loggedIn = (log: typeof elsewhere) => {
    const { payload, signature } = good();
    return { payload, signature, bundle: log.add({ payload, signature, key: keyOf(signer) }) };
  };
  const within = (start: string, end: string): TransparencyLog => {
    const log = logOf(signer.log);
    return { ...log, authority: { ...log.authority, validFor: { start: new Date(start), end: new Date(end) } } };
  };
  const signed2026 = () => signer.sign({ digest, time: new Date('2026-07-29T10:00:00Z') });

  it('bad input 70 and 83: an entry in a log that is not listed does not count', () => {
    expect(outcome(found())).toBe('LOG_ENTRY_INVALID log-unknown');
    expect(outcome(found(), { logs: [] })).toBe('LOG_ENTRY_INVALID log-unknown');
    expect(outcome(found(), { logs: [logOf(signer.log), logOf(elsewhere)] })).toBe('accepted');
  });

  it('bad input 192: says which log it does not know, and what to do', () => {
    try {
      verifySignatures([found()], digest, trust);
      expect.unreachable();
    } catch (error) {
      expect((error as CodedError).details.signatures).toMatchObject([{ detail: `log ${elsewhere.id}` }]);
      expect((error as CodedError).message).toContain(elsewhere.id);
      expect((error as CodedError).suggestions.join()).toContain('SIGSTORE_REKOR_PUBLIC_KEY');
    }
  });

  it('bad input 192: names the trusted root with its date where the logs are from one, and how to get another', () => {
    try {
      verifySignatures([found()], digest, { ...trust, rootName: 'the root of 2026-11-05' });
      expect.unreachable();
    } catch (error) {
      const [update = '', file = ''] = (error as CodedError).suggestions;
      expect(update).toMatch(/^the root of 2026-11-05 .*dangerzone-image trust update$/);
      expect(file).toContain('--trusted-root FILE');
    }
  });

  it.each([
    ['after its end', within('2021-01-01', '2026-01-01'), 'LOG_ENTRY_INVALID log-key-expired'],
    ['before its start', within('2026-08-01', '2030-01-01'), 'LOG_ENTRY_INVALID log-key-expired'],
    ['a second before its start', within('2026-07-29T10:00:01Z', '2030-01-01'), 'LOG_ENTRY_INVALID log-key-expired'],
    ['a second after its end', within('2021-01-01', '2026-07-29T09:59:59Z'), 'LOG_ENTRY_INVALID log-key-expired'],
    ['at its start', within('2026-07-29T10:00:00Z', '2030-01-01'), 'accepted'],
    ['at its end', within('2021-01-01', '2026-07-29T10:00:00Z'), 'accepted'],
  ])('bad input 86: a log key %s', (_, log, expected) => {
    expect(outcome(signed2026(), { logs: [log] })).toBe(expected);
  });

  it('bad input 86: one log in two times counts in either', () => {
    const logs = [within('2021-01-01', '2022-01-01'), within('2026-01-01', '2027-01-01')];
    expect(outcome(signed2026(), { logs })).toBe('accepted');
  });
});
