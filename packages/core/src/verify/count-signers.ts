import type { Trust } from '../trust/trust.ts';
import { isTrustedIdentity, type TrustedIdentity } from '../trust/trusted-identity.ts';
import type { AcceptedSignature } from './signature-verdict.ts';

/**
 * How many of those whom the profile lists have signed (design §3, rule 1). Signers count, not signatures: (r, s) and
 * (r, n−s), or one signature logged twice, are one. A pattern lists one signer, however many subjects match it: whoever may
 * name a tag could meet a threshold alone. And one subject is one signer, however many patterns it matches.
 */
export function countSigners(
  accepted: readonly AcceptedSignature[],
  { identities = [] }: Pick<Trust, 'identities'>,
): number {
  const keys = new Set(accepted.flatMap(({ key }) => key ?? []));
  const subjects = new Map(
    accepted.flatMap(({ identity }) =>
      identity ? [[JSON.stringify([identity.issuer, identity.subject]), identity]] : [],
    ),
  );
  const matches = [...subjects.values()].map((subject) =>
    identities.filter((listed) => isTrustedIdentity(subject, listed)),
  );
  return keys.size + countPairs(matches);
}

/** The most subjects that can each have a listed identity of their own, where several match (Kuhn's algorithm). */
function countPairs(matches: readonly (readonly TrustedIdentity[])[]): number {
  const takenBy = new Map<TrustedIdentity, number>();
  const place = (subject: number, tried: Set<TrustedIdentity>): boolean =>
    (matches[subject] ?? []).some((listed) => {
      if (tried.has(listed)) return false;
      tried.add(listed);
      const other = takenBy.get(listed);
      if (other !== undefined && !place(other, tried)) return false;
      takenBy.set(listed, subject);
      return true;
    });
  return matches.filter((_, subject) => place(subject, new Set())).length;
}
