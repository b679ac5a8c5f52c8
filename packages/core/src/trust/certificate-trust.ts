import { X509Certificate } from '@sigstore/core';
import type { TrustMaterial } from '@sigstore/verify';
import { CodedError } from '../errors/coded-error.ts';
import type { TrustedRoot } from './trusted-root.ts';

/** A certificate or timestamp authority of a trusted root. */
export interface AuthorityDescription {
  /** Where it is said to be; may be empty. */
  readonly uri: string;
  /** DER, leaf-most first, the root last. */
  readonly certificates: readonly Buffer[];
  readonly validFor: { readonly start: Date; readonly end: Date };
}

/** Whose certificates and timestamps count, in the words of the library that checks them. */
export type CertificateTrust = Pick<TrustMaterial, 'certificateAuthorities' | 'timestampAuthorities' | 'ctlogs'>;

const NO_CERTIFICATES: CertificateTrust = { certificateAuthorities: [], timestampAuthorities: [], ctlogs: [] };
const known = new WeakMap<TrustedRoot, CertificateTrust>();

/** The authorities of a trusted root; none where there is no root: then no certificate and no timestamp counts. */
export function certificateTrustOf(root: TrustedRoot | undefined): CertificateTrust {
  if (!root) return NO_CERTIFICATES;
  const trust = known.get(root) ?? readAuthorities(root);
  known.set(root, trust);
  return trust;
}

function readAuthorities({
  certificateAuthorities,
  timestampAuthorities,
  certificateLogs,
}: TrustedRoot): CertificateTrust {
  return {
    certificateAuthorities: certificateAuthorities.map(toAuthority),
    timestampAuthorities: timestampAuthorities.map(toAuthority),
    ctlogs: certificateLogs.map(({ authority }) => authority),
  };
}

function toAuthority({
  certificates,
  validFor,
}: AuthorityDescription): TrustMaterial['certificateAuthorities'][number] {
  try {
    return { certChain: certificates.map(parseListed), validFor };
  } catch (cause) {
    throw new CodedError('PROFILE_INVALID', 'the trusted root has an authority whose certificates cannot be read', {
      suggestions: ['Get trusted_root.json again from whoever runs the log, by a way that you trust.'],
      cause,
    });
  }
}

/**
 * The library encodes both anew for each comparison and each check of a signature, which is half of what a certificate's
 * bundle costs. One of a trusted root never changes: its encodings are made once.
 */
function parseListed(der: Buffer): X509Certificate {
  const certificate = X509Certificate.parse(Buffer.from(der));
  for (const part of [certificate.tbsCertificate, certificate.root]) {
    const encoded = part.toDER();
    part.toDER = () => encoded;
  }
  return certificate;
}
