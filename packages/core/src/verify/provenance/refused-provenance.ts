import { CodedError } from '../../errors/coded-error.ts';
import { refusalReasons } from '../signature-verdict.ts';
import type { AttestationVerdict } from './attestation-verdict.ts';

const DO_NOT_RUN = 'Do not run this image, unless it is your expectation that is wrong: check it with the publisher.';

/** Why no attestation counts: what provenance says comes before what does not hold, and "none" is said only when there is none. */
export function refusedProvenance(where: string, verdicts: readonly AttestationVerdict[]): CodedError {
  const attestations = verdicts;
  const refused = verdicts.filter((each) => each.verdict === 'refused');
  const [first] = refused;
  if (first) {
    const { claim, expected, found } = first;
    return new CodedError('PROVENANCE_REJECTED', `${where} was not built as expected: ${all(refused)}`, {
      suggestions: [
        DO_NOT_RUN,
        ...(claim === 'builder' ? ['If you know this builder and trust it, name it: --builder'] : []),
      ],
      details: { claim, expected, ...(found !== undefined && { found }), attestations },
    });
  }
  const invalid = verdicts.filter((each) => each.verdict === 'invalid');
  if (invalid.length > 0) {
    const reasons = invalid.map(({ reason, detail }) => ({
      reason: `${refusalReasons[reason]}${detail ? ` (${detail})` : ''}`,
    }));
    return new CodedError('PROVENANCE_REJECTED', `${where} has no attestation that holds: ${all(reasons)}`, {
      suggestions: [
        'Do not run this image. If the trusted root may be too old for it, fetch a newer one (dangerzone-image trust update), or give --trusted-root.',
      ],
      details: { attestations },
    });
  }
  const others = verdicts.length > 0 ? `: what is attested of it is something else (${verdicts.length})` : '';
  return new CodedError('PROVENANCE_MISSING', `${where} has no provenance${others}`, {
    suggestions: ['Check that this is the image that you mean, or ask its publisher for provenance.'],
    details: { attestations },
  });
}

function all(refusals: readonly { readonly reason: string }[]): string {
  return [...new Set(refusals.map(({ reason }) => reason))].join('; ');
}
