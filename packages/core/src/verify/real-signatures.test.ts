import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../errors/coded-error.ts';
import type { Digest } from '../oci/digest.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import { pinnedLog } from '../trust/transparency-log.ts';
import { builtInTrustedRoot } from '../trust/trusted-root.ts';
import { type SignedDigest, verifySignatures } from './verify-signatures.ts';

const FIXTURES = new URL('../../../../../shared/fixtures/', import.meta.url);
const hasFixtures = existsSync(FIXTURES);
if (!hasFixtures) console.warn('Skipped: the real signatures are not there (../shared/fixtures).');

const read = (path: string) => readFileSync(new URL(path, FIXTURES));
const list = (path: string) => (hasFixtures ? readdirSync(new URL(path, FIXTURES)) : []);
const readKey = (path: string) => parsePublicKey(read(path), path);
const pinnedRekor = () => [pinnedLog(readKey('dangerzone-releases/rekor.pub'))];
const indexesOf = ({ verdicts }: SignedDigest) =>
  verdicts.map((verdict) => (verdict.verdict === 'accepted' ? (verdict.log?.index ?? Number.NaN) : Number.NaN));

describe.skipIf(!hasFixtures)('the signatures of Dangerzone’s releases', () => {
  const releases = list('dangerzone-releases/').filter((name) => /^\d/.test(name));
  const all = releases.flatMap((release) =>
    list(`dangerzone-releases/${release}/`).map((hex) => [release, hex] as const),
  );
  const signedIn = (release: string, hex: string, logs = pinnedRekor()): SignedDigest => {
    const folder = `dangerzone-releases/${release}/${hex}`;
    const { annotations } = JSON.parse(read(`${folder}/MANIFEST`).toString()).layers[0];
    const found = {
      payload: read(`${folder}/PAYLOAD_BLOB`),
      signature: annotations['dev.cosignproject.cosign/signature'],
      bundle: JSON.parse(annotations['dev.sigstore.cosign/bundle']),
    };
    const keys = [readKey('dangerzone-releases/freedomofpress-dangerzone.pub')];
    return verifySignatures([found], `sha256:${hex}`, {
      image: 'ghcr.io/freedomofpress/dangerzone/v1',
      keys,
      threshold: 1,
      logs,
    });
  };

  it('are nine', () => expect(all).toHaveLength(9));

  it.each(all)('%s %s is accepted with the pinned log key', (release, hex) => {
    expect(signedIn(release, hex).verdicts).toMatchObject([{ verdict: 'accepted' }]);
  });

  it.each(all)('%s %s is accepted with the public trusted root', (release, hex) => {
    expect(signedIn(release, hex, [...builtInTrustedRoot().logs]).verdicts).toMatchObject([{ verdict: 'accepted' }]);
  });

  it.each(releases)('%s: the index was logged before its platforms', (release) => {
    const hexes = list(`dangerzone-releases/${release}/`);
    const top = hexes.find((hex) => list(`dangerzone-releases/${release}/${hex}/`).includes('LATEST')) as string;
    const others = hexes.filter((hex) => hex !== top).flatMap((hex) => indexesOf(signedIn(release, hex)));
    expect(indexesOf(signedIn(release, top))[0]).toBeLessThan(Math.min(...others));
  });
});

describe.skipIf(!hasFixtures)('the signatures in the form of `cosign download signature`', () => {
  const KEY = '95b432860b272938246b10e1cfc89a24e1db352b3aebaa799c4284c42c46bd95';
  interface Stored {
    readonly Base64Signature: string;
    readonly Payload: string;
    readonly Bundle: unknown;
  }
  const verify = (path: string, hex: string, image?: string): SignedDigest => {
    const stored: Stored[] = JSON.parse(read(`dangerzone-signatures/${path}/${KEY}/${hex}.json`).toString());
    const found = stored.map(({ Base64Signature, Payload, Bundle }) => ({
      payload: Buffer.from(Payload, 'base64'),
      signature: Base64Signature,
      bundle: Bundle,
    }));
    const keys = [readKey('dangerzone-signatures/test.pub')];
    const named = hex.startsWith('4da4')
      ? 'ghcr.io/apyrgio/dangerzone/dangerzone'
      : 'ghcr.io/almet/dangerzone/dangerzone';
    return verifySignatures(found, `sha256:${hex}`, { image: image ?? named, keys, threshold: 1, logs: pinnedRekor() });
  };
  const valid = list(`dangerzone-signatures/valid/${KEY}/`).map((name) => name.replace('.json', ''));

  it('the key file is the one that the folder is named after', () => {
    expect(readKey('dangerzone-signatures/test.pub').fileDigest).toBe(KEY);
    expect(valid).toHaveLength(5);
  });

  it.each(valid)('valid/%s is accepted, every one of them', (hex) => {
    expect(verify('valid', hex).verdicts.map(({ verdict }) => verdict)).not.toContain('invalid');
  });

  it.each(valid)('bad input 52: valid/%s is of another image', (hex) => {
    expect(() => verify('valid', hex, 'ghcr.io/freedomofpress/dangerzone/v1')).toThrow(
      expect.objectContaining({ code: 'SIGNATURE_INVALID' }),
    );
  });

  it('bad input 81: three signatures of one digest each have their own index', () => {
    const digest: Digest = 'sha256:fa948726aac29a6ac49f01ec8fbbac18522b35b2491fdf716236a0b3502a2ca7';
    const signed = verify('valid', digest.slice(7));
    expect(indexesOf(signed)).toEqual([164177381, 164445483, 164484602]);
  });

  it.each([
    [
      'tampered/220b52200e3e47b1b42010667fcaa9338681e64dd3e34a34873866cb051d694e',
      'SIGNATURE_INVALID',
      'signature-mismatch',
    ],
    [
      'tampered/19e8eacd75879d05f6621c2ea8dd955e68ee3e07b41b9d53f4c8cc9929a68a67',
      'SIGNATURE_INVALID',
      'signature-mismatch',
    ],
    [
      'invalid/4da441235e84e93518778827a5c5745d532d7a4079886e1647924bee7ef1c14d',
      'SIGNATURE_MALFORMED',
      'log-entry-malformed',
    ],
    [
      'invalid/220b52200e3e47b1b42010667fcaa9338681e64dd3e34a34873866cb051d694e',
      'SIGNATURE_INVALID',
      'signature-mismatch',
    ],
    [
      'invalid/7b21dbdebffed855621dfcdeaa52230dc6566997f852ef5d62b0338b46796e01',
      'SIGNATURE_MALFORMED',
      'log-entry-malformed',
    ],
    [
      'invalid/19e8eacd75879d05f6621c2ea8dd955e68ee3e07b41b9d53f4c8cc9929a68a67',
      'SIGNATURE_MALFORMED',
      'signature-malformed',
    ],
  ])('%s is refused: %s, %s', (path, code, reason) => {
    const [folder = '', hex = ''] = path.split('/');
    try {
      verify(folder, hex);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(CodedError);
      expect(error).toMatchObject({ code, details: { signatures: [{ verdict: 'invalid', reason }] } });
    }
  });
});
