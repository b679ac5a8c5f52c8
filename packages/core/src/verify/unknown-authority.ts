import { X509Certificate } from '@sigstore/core';
import type { CertificateTrust } from '../trust/certificate-trust.ts';

/** Bytes: SHA-1 and SHA-256 of a key have fewer. */
const MAX_SHOWN = 64;

/**
 * The ID of the key that a certificate says it was issued with (RFC 5280, section 4.2.1.1), hex, where no trusted authority has
 * that key. Nothing is proven by it: it only says what to look for.
 */
export function unknownAuthority(
  certificate: Buffer,
  { certificateAuthorities }: Pick<CertificateTrust, 'certificateAuthorities'>,
): string | undefined {
  try {
    const issuer = X509Certificate.parse(Buffer.from(certificate)).extAuthorityKeyID?.keyIdentifier;
    const chains = certificateAuthorities.flatMap(({ certChain }) => certChain);
    const isKnown = issuer && chains.some(({ extSubjectKeyID }) => extSubjectKeyID?.keyIdentifier.equals(issuer));
    return isKnown ? undefined : issuer?.subarray(0, MAX_SHOWN).toString('hex');
  } catch {
    return undefined; // it is malformed, and that is what will be said
  }
}
