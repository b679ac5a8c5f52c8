import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { LegacyAttestation } from '../legacy-attestation.ts';
import { attestationVerifier } from './attestation-verifier.ts';
import { parseExpectations } from './expectations.ts';
import {
  hasSaved,
  type SavedProvenance,
  savedProvenance,
  trueClaims,
  trueRepository,
} from './saved-provenance.test-support.ts';
import { verifyProvenance } from './verify-provenance.ts';

const verify = attestationVerifier({ image: 'any', keys: [], threshold: 1, logs: [] });
const expected = parseExpectations({ repository: trueRepository });
const check = { where: 'the image', expected, verify };
const verifyAs = (digest: SavedProvenance['digest'], found: LegacyAttestation) =>
  verifyProvenance([{ digest, documents: [found] }], check);
const versions = savedProvenance.map((saved) => [saved.version, saved] as const);

describe.skipIf(!hasSaved)('provenance by real slsa-github-generator, against the public trusted root', () => {
  it.each(versions)(
    'bad input 118: %s holds, from its signature to its claims, logged as intoto 0.0.1 or dsse 0.0.1',
    (version, { digest, found }) => {
      const { accepted } = verifyAs(digest, found);
      expect(accepted).toMatchObject({
        digest,
        identity: { subject: accepted.claims.builder },
        log: { id: 'c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d' },
        claims: { slsaLevel: 3, repository: trueRepository, ...trueClaims[version as keyof typeof trueClaims] },
      });
    },
  );

  it.each(versions)('%s is refused for another digest', (_, { found }) => {
    expect(() => verifyAs(`sha256:${'0'.repeat(64)}`, found)).toThrow(/is about another digest/);
  });

  it.each(versions)('%s is refused with a changed payload, another’s certificate, another’s log entry', (_, saved) => {
    const other = savedProvenance.find((each) => each !== saved) as SavedProvenance;
    const envelope = JSON.parse(Buffer.from(saved.found.envelope).toString());
    const payload = Buffer.from(envelope.payload, 'base64')
      .toString()
      .replace(trueRepository, 'slsa-framework/example-packagf');
    const changed = Buffer.from(JSON.stringify({ ...envelope, payload: Buffer.from(payload).toString('base64') }));
    for (const change of [
      { envelope: changed },
      { certificate: other.found.certificate },
      { bundle: other.found.bundle },
      { bundle: undefined },
      { certificate: undefined },
    ])
      expect(() => verifyAs(saved.digest, { ...saved.found, ...change }), Object.keys(change)[0]).toThrow(
        /no attestation that holds/,
      );
    expect(new X509Certificate(saved.found.certificate ?? '').issuer).toContain('sigstore-intermediate');
  });
});
