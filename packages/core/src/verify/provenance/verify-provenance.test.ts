import { describe, expect, it } from 'vitest';
import { CodedError } from '../../errors/coded-error.ts';
import type { Digest } from '../../oci/digest.ts';
import { githubJob, githubPredicate, type TestBuild } from '../../testing/github-job.ts';
import { createTestAuthority } from '../../testing/test-authority.ts';
import type { RefusalReason } from '../signature-verdict.ts';
import type { VerifiedAttestation } from '../verified-attestation.ts';
import { parseExpectations } from './expectations.ts';
import { type ProvenanceCheck, verifyProvenance } from './verify-provenance.ts';

const authority = createTestAuthority();
const index: Digest = `sha256:${'a'.repeat(64)}`;
const manifest: Digest = `sha256:${'b'.repeat(64)}`;

/** Stands for a document: what comes of it is said by its bytes, for whoever verifies it here. */
const document = (content: unknown) => ({ mediaType: 'test', bytes: Buffer.from(JSON.stringify(content)) });
const provenance = (build: TestBuild = {}) => document({ build });
const other = (predicateType: string) => document({ predicateType });
const broken = (reason: string) => document({ reason });

const verify: ProvenanceCheck['verify'] = (documents, digest) => {
  const contents = documents.map((each) => JSON.parse(Buffer.from('bytes' in each ? each.bytes : '').toString()));
  return {
    verified: contents.flatMap(({ build, predicateType, reason }): VerifiedAttestation[] => {
      if (reason) return [];
      const signer = { kind: 'certificate', certificate: authority.issue(githubJob(build)).certificate } as const;
      const statement = { digest, statementType: 'https://in-toto.io/Statement/v1', signer };
      return predicateType
        ? [{ ...statement, predicateType, predicate: {} }]
        : [{ ...statement, predicateType: 'https://slsa.dev/provenance/v1', predicate: githubPredicate(build) }];
    }),
    refused: contents.flatMap(({ reason }) => (reason ? [{ reason: reason as RefusalReason }] : [])),
  };
};

function attempt(found: Parameters<typeof verifyProvenance>[0], repository = 'acme/sandbox') {
  const expected = parseExpectations({ repository, branch: 'main' });
  try {
    return verifyProvenance(found, { where: 'registry.example.org/sandbox', expected, verify });
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return error;
  }
}

const verdictsOf = (outcome: ReturnType<typeof attempt>) =>
  (outcome instanceof CodedError ? (outcome.details.attestations as { verdict: string }[]) : outcome.verdicts).map(
    ({ verdict }) => verdict,
  );

describe('of several attestations', () => {
  it('one that satisfies all expectations suffices, and all are listed', () => {
    const outcome = attempt([
      {
        digest: index,
        documents: [provenance({ ref: 'refs/heads/feature' }), provenance(), other('https://spdx.dev/Document')],
      },
      { digest: manifest, documents: [broken('signature-mismatch'), broken('statement-other-type')] },
    ]);
    expect(outcome).toMatchObject({ accepted: { digest: index, claims: { repository: 'acme/sandbox' } } });
    expect(verdictsOf(outcome)).toEqual(['refused', 'accepted', 'other', 'invalid', 'other']);
  });

  it('no two together satisfy what neither does', () => {
    const documents = [provenance({ repository: 'evil/sandbox' }), provenance({ ref: 'refs/heads/feature' })];
    expect(attempt([{ digest: index, documents }])).toMatchObject({
      code: 'PROVENANCE_REJECTED',
      message: expect.stringMatching(
        /repository: expected "acme\/sandbox", found "evil\/sandbox"; branch: expected "main"/,
      ),
      details: { claim: 'repository', found: 'evil/sandbox' },
    });
  });

  it('bad input 112: each says which digest it is about', () => {
    const outcome = attempt([
      { digest: index, documents: [provenance({ repository: 'evil/sandbox' })] },
      { digest: manifest, documents: [provenance()] },
    ]);
    expect(outcome).toMatchObject({
      accepted: { digest: manifest },
      verdicts: [{ digest: index }, { digest: manifest }],
    });
  });

  it('bad input 98: those of other kinds are no provenance', () => {
    const outcome = attempt([
      { digest: index, documents: [other('https://spdx.dev/Document'), broken('statement-other-type')] },
    ]);
    expect(outcome).toMatchObject({ code: 'PROVENANCE_MISSING' });
    expect(verdictsOf(outcome)).toEqual(['other', 'other']);
  });

  it('"none" is said only when there is none', () => {
    expect(attempt([{ digest: index, documents: [] }])).toMatchObject({ code: 'PROVENANCE_MISSING' });
    const documents = [other('https://spdx.dev/Document'), broken('signature-mismatch')];
    expect(attempt([{ digest: index, documents }])).toMatchObject({
      code: 'PROVENANCE_REJECTED',
      message: expect.stringContaining('the signature does not match its payload'),
    });
  });

  it('a hundred are read, and no more', () => {
    const documents = Array<ReturnType<typeof document>>(50).fill(other('x'));
    const two = [index, manifest].map((digest) => ({ digest, documents }));
    expect(attempt(two)).toMatchObject({ code: 'PROVENANCE_MISSING' });
    expect(attempt([...two, { digest: index, documents: [provenance()] }])).toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  it('a claim with control characters is escaped in words, and whole in facts', () => {
    const repository = 'acme/\u001b[2Jsandbox';
    const outcome = attempt([{ digest: index, documents: [provenance({ repository })] }]);
    expect(outcome).toMatchObject({ code: 'PROVENANCE_REJECTED' });
    expect((outcome as CodedError).message).not.toContain('\u001b');
  });
});
