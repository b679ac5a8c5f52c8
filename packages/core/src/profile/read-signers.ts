import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import type { Trust } from '../trust/trust.ts';
import type { TrustedIdentity } from '../trust/trusted-identity.ts';
import type { ProfileFile } from './profile-schema.ts';

/** Who may sign with a certificate, as the profile lists them. */
export function readIdentities(entries: NonNullable<ProfileFile['identities']>, where: string): TrustedIdentity[] {
  const named = new Set(entries.map((entry) => JSON.stringify([entry.issuer, entry.subject])));
  if (named.size < entries.length) {
    throw new CodedError('PROFILE_INVALID', `${where}: an identity is listed twice`, {
      suggestions: ['List each identity once: a threshold counts distinct ones.'],
    });
  }
  return entries.map(({ issuer, subject }) => ({
    issuer,
    subject: typeof subject === 'string' ? subject : readPattern(subject.pattern, where),
  }));
}

function readPattern(pattern: string, where: string): RegExp {
  try {
    return new RegExp(pattern, 'u');
  } catch (cause) {
    throw new CodedError('PROFILE_INVALID', `${where}: ${printable(pattern)} is no regular expression`, {
      suggestions: ['Escape what is meant literally, above all each dot: ^https://github\\.com/…$'],
      cause,
    });
  }
}

/** A log key vouches for entries, and not for who holds a certificate. */
export function requireAuthorities(
  identities: readonly TrustedIdentity[],
  pinned: Pick<Trust, 'root'> | undefined,
  where: string,
): void {
  if (identities.length === 0 || !pinned || pinned.root) return;
  throw new CodedError(
    'PROFILE_INVALID',
    `${where}: "identities" need certificate authorities, which log keys are not`,
    {
      suggestions: [
        'Name a trusted root in transparencyLog.trustedRoot, or leave "transparencyLog" out for the public one.',
      ],
    },
  );
}

/** Nobody can meet one that is higher than there are signers. */
export function requireThreshold(threshold: number, signers: number, where: string): number {
  if (signers === 0) {
    throw new CodedError('PROFILE_INVALID', `${where}: expected "keys" or "identities", got neither`, {
      suggestions: ['Name the key, or the identity, that signs this image.'],
    });
  }
  if (threshold <= signers) return threshold;
  throw new CodedError(
    'PROFILE_INVALID',
    `${where}: "threshold" is ${threshold}, but there are only ${signers} keys and identities`,
    { suggestions: ['Lower the threshold or list more keys or identities.'] },
  );
}
