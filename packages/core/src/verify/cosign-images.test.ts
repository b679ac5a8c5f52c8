import { describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import {
  type Case,
  cases,
  findAttestations,
  findBundles,
  findSignatures,
  hasCosignImages,
  trustOf,
} from './cosign-images.test-support.ts';
import { verifyAttestations } from './verify-attestations.ts';
import { verifySignatures } from './verify-signatures.ts';

function codeOfChecking({ layout, digest }: Case, trust: ReturnType<typeof trustOf>) {
  const found = [...findSignatures(layout, digest), ...findBundles(layout, digest)];
  try {
    return verifySignatures(found, digest, trust) && 'accepted';
  } catch (error) {
    const [first] = (error as { details: { signatures?: { reason: string }[] } }).details.signatures ?? [];
    return first?.reason ?? codeOf(error);
  }
}

/** Why each is refused: the reason of the first that does not count, or the code where none was found. The rest is accepted. */
const refusals: Readonly<Record<string, string>> = {
  'legacy-rekor1/wrong-key': 'signature-foreign',
  'legacy-rekor1/wrong-log-key': 'log-unknown',
  'legacy-rekor1/log-key-expired': 'log-key-expired',
  'legacy-rekor1-other-key': 'signature-foreign',
  'legacy-no-log': 'log-entry-missing',
  'legacy-index-only/amd64': 'SIGNATURE_MISSING',
  unsigned: 'SIGNATURE_MISSING',
  'bundle-rekor2-tsa/wrong-key': 'signature-foreign',
  'bundle-rekor2-tsa/wrong-log-key': 'log-unknown',
  'bundle-rekor2-tsa/log-key-expired': 'log-key-expired',
  'bundle-rekor2-tsa-fallback/wrong-key': 'signature-foreign',
  'bundle-rekor2-tsa-fallback/wrong-log-key': 'log-unknown',
  'bundle-rekor2-tsa-fallback/log-key-expired': 'log-key-expired',
  'bundle-rekor1-fallback/wrong-key': 'signature-foreign',
  'bundle-rekor1-fallback/wrong-log-key': 'log-unknown',
  'bundle-rekor1-fallback/log-key-expired': 'log-key-expired',
  'bundle-tsa-only-fallback': 'log-entry-missing',
  'legacy-rekor1-payload-other-type': 'payload-other-type',
  'bundle-rekor2-other-key': 'signature-foreign',
  'bundle-rekor2-other-key-fallback': 'signature-foreign',
  'att-legacy-rekor1/as-signature': 'SIGNATURE_MISSING',
  'att-bundle-rekor2-tsa/as-signature': 'SIGNATURE_MISSING',
  'att-bundle-rekor1-fallback/as-signature': 'SIGNATURE_MISSING',
  'mutant-r1-bad-signature': 'signature-mismatch',
  'mutant-r1-entry-of-other-signature': 'log-entry-mismatch',
  'mutant-r1-no-proof': 'bundle-malformed',
  'mutant-r1-bad-proof-hash': 'log-proof-invalid',
  'mutant-r1-bad-root-hash': 'log-proof-invalid',
  'mutant-r1-entry-log-index': 'log-promise-invalid',
  'mutant-r1-kind-version': 'log-entry-unsupported',
  'mutant-r1-two-signatures': 'bundle-malformed',
  'mutant-r1-media-type-0.2': 'bundle-malformed',
  'mutant-r1-media-type-0.9': 'bundle-malformed',
  'mutant-r1-unknown-field': 'bundle-malformed',
  'mutant-r2-payload-other-digest': 'statement-other-digest',
  'mutant-r2-entry-of-other-signature': 'log-entry-mismatch',
  'mutant-r2-bad-root-hash': 'log-proof-invalid',
  'mutant-r2-bad-checkpoint-signature': 'log-proof-invalid',
  'mutant-r2-no-checkpoint': 'bundle-malformed',
  'mutant-r2-entry-log-index': 'log-proof-invalid',
  'mutant-r2-body-changed': 'log-proof-invalid',
  'mutant-r2-two-signatures': 'bundle-malformed',
  'mutant-r2-media-type-0.9': 'bundle-malformed',
  'mutant-r2-unknown-field': 'bundle-malformed',
  'mutant-r1-no-entry': 'log-entry-missing',
  'mutant-legacy-bad-signature': 'signature-mismatch',
  'mutant-legacy-bad-set': 'log-promise-invalid',
  'mutant-legacy-no-bundle': 'log-entry-missing',
  'mutant-legacy-payload-blank': 'signature-mismatch',
  'mutant-legacy-payload-other-digest': 'signature-mismatch',
};

describe.skipIf(!hasCosignImages)('the images signed by cosign', () => {
  const signatures = cases.filter(({ check }) => check === 'signature');

  it('have a stated reason for every refusal', () => {
    const refused = signatures.filter((one) => one.expect === 'refuse').map(({ id }) => id);
    expect(refused.filter((id) => !(id in refusals))).toEqual([]);
  });

  it.each(signatures.map((one) => [one.expect, one.id, one] as const))('%s %s', (verdict, id, one) => {
    const code = codeOfChecking(one, trustOf(one));
    expect(code).toBe(refusals[id] ?? 'accepted');
    if (verdict !== 'either') expect(code === 'accepted' ? 'accept' : 'refuse').toBe(verdict);
  });

  it.each(signatures.filter(({ format }) => format === 'bundle').map((one) => [one.id, one] as const))(
    'without dedicatedKeys nothing in %s counts',
    (_, one) => {
      expect(codeOfChecking(one, { ...trustOf(one), dedicatedKeys: false })).not.toBe('accepted');
    },
  );

  it.each(cases.filter(({ check }) => check === 'attestation').map((one) => [one.expect, one.id, one] as const))(
    'as an attestation: %s %s',
    (verdict, _, one) => {
      const found = [...findAttestations(one.layout, one.digest), ...findBundles(one.layout, one.digest)];
      const { verified } = verifyAttestations(found, one.digest, trustOf(one));
      const wanted = verified.filter(({ predicateType }) => predicateType === one.predicateType);
      expect(wanted.length > 0 ? 'accept' : 'refuse').toBe(verdict);
    },
  );
});
