import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { der, extension, utf8String } from '../../testing/der.ts';
import { githubJob } from '../../testing/github-job.ts';
import { createTestAuthority, type TestJob } from '../../testing/test-authority.ts';
import { readCertificateClaims } from './certificate-claims.ts';
import { ProvenanceRefusal } from './provenance-refusal.ts';
import { hasSaved, savedProvenance } from './saved-provenance.test-support.ts';

const authority = createTestAuthority();

function claimsOf(job: TestJob) {
  try {
    return readCertificateClaims(authority.issue(job).certificate);
  } catch (error) {
    if (error instanceof ProvenanceRefusal) return error.claim;
    throw error;
  }
}

const github = githubJob();
const withClaim = (arc: number, value: string | Uint8Array): TestJob => ({
  ...github,
  claims: { ...github.claims, [arc]: value },
});

describe('the claims of a signing certificate', () => {
  it('are what Fulcio wrote into it', () => {
    expect(claimsOf(github)).toEqual({
      issuer: 'https://token.actions.githubusercontent.com',
      signer: 'https://github.com/acme/sandbox/.github/workflows/release.yml@refs/heads/main',
      repository: 'acme/sandbox',
      ref: 'refs/heads/main',
      commit: '62cb1f1e485829bafe8bbec8b9900c0cb7624fe7',
      trigger: 'push',
      buildConfig: 'https://github.com/acme/sandbox/.github/workflows/release.yml@refs/heads/main',
      runner: 'github-hosted',
      run: 'https://github.com/acme/sandbox/actions/runs/5201384557/attempts/1',
    });
    expect(new X509Certificate(authority.issue(github).certificate).subjectAltName).toContain(github.signer);
  });

  it('may be the old ones alone, as before 2023', () => {
    const old = Object.fromEntries(Object.entries(github.claims).filter(([arc]) => Number(arc) < 8));
    expect(claimsOf({ ...github, claims: old })).toMatchObject({ repository: 'acme/sandbox', ref: 'refs/heads/main' });
  });

  it('may be the new ones alone', () => {
    const now = Object.fromEntries(Object.entries(github.claims).filter(([arc]) => Number(arc) >= 8));
    expect(claimsOf({ ...github, claims: now })).toEqual(claimsOf(github));
  });

  it.skipIf(!hasSaved)('are read from real certificates, old and new', () => {
    const [first, second] = savedProvenance.map(({ attestation: { signer } }) =>
      readCertificateClaims(signer.kind === 'certificate' ? signer.certificate : Buffer.alloc(0)),
    );
    expect(first).toMatchObject({ repository: 'slsa-framework/example-package', trigger: 'workflow_dispatch' });
    expect(first?.buildConfig).toBeUndefined();
    expect(second).toMatchObject({
      runner: 'github-hosted',
      run: expect.stringContaining('/actions/runs/5201384557/'),
    });
  });

  const uri = (text: string) => der(0x86, Buffer.from(text));
  const again = extension('1.3.6.1.4.1.57264.1.12', utf8String('https://github.com/evil/sandbox'));

  it.each<[string, TestJob, string]>([
    ['109: an old issuer that is not the new one', withClaim(1, 'https://evil.example'), 'issuer'],
    ['110: an extension twice', { ...github, extensions: [again] }, 'certificate'],
    ['116: no name', { ...github, names: [] }, 'certificate'],
    ['116: two URIs', { ...github, names: [uri(github.signer), uri('https://evil.example')] }, 'certificate'],
    [
      '116: a URI and an address',
      { ...github, names: [uri(github.signer), der(0x81, Buffer.from('a@b.c'))] },
      'certificate',
    ],
    ['116: an address', { ...github, names: [der(0x81, Buffer.from('a@b.c'))] }, 'certificate'],
    ['116: an otherName', { ...github, names: [der(0xa0, Buffer.from([6, 1, 42]))] }, 'certificate'],
    ['an empty claim', withClaim(5, ''), 'certificate'],
    ['a claim of 4 kB', withClaim(5, 'x'.repeat(4096)), 'certificate'],
    ['a claim that is no UTF-8', withClaim(5, Buffer.from([0xff, 0xfe])), 'certificate'],
    ['a new claim that is bare text', withClaim(12, Buffer.from('https://github.com/acme/sandbox')), 'certificate'],
    [
      'a new claim of another type',
      withClaim(12, der(0x16, Buffer.from('https://github.com/acme/sandbox'))),
      'certificate',
    ],
    [
      'two texts in one claim',
      withClaim(12, Buffer.concat([utf8String('https://github.com/acme/sandbox'), utf8String('x')])),
      'certificate',
    ],
  ])('bad input %s: none is believed', (_, job, claim) => {
    expect(claimsOf(job)).toBe(claim);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('-----BEGIN CERTIFICATE-----')],
    ['half a certificate', authority.issue(github).certificate.subarray(0, 300)],
    ['a sequence of nothing', Buffer.from([0x30, 0])],
  ])('are refused in %s', (_, bytes) => {
    expect(() => readCertificateClaims(bytes)).toThrow(ProvenanceRefusal);
  });
});
