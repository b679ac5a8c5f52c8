/** Who a signing certificate was given to, as the certificate says. */
export interface CertificateIdentity {
  /** URL of the identity provider. */
  readonly issuer: string;
  /** Subject alternative name: a URI or an e-mail address. */
  readonly subject: string;
}

/** Whose certificates count. Both are compared whole: a pattern counts as if it were anchored at both ends. */
export interface TrustedIdentity {
  readonly issuer: string;
  readonly subject: string | RegExp;
}

export function isTrustedIdentity({ issuer, subject }: CertificateIdentity, trusted: TrustedIdentity): boolean {
  if (issuer !== trusted.issuer) return false;
  return typeof trusted.subject === 'string' ? subject === trusted.subject : whole(trusted.subject).test(subject);
}

/** Whatever alternatives stand in it: `^a|b$` alone is anchored at one end each, and `m` would anchor at lines. */
function whole({ source, flags }: RegExp): RegExp {
  return new RegExp(`^(?:${source})$`, flags.replace(/[gmy]/g, ''));
}
