import { type KeyObject, sign } from 'node:crypto';
import { der, ecdsaWithSha256, integer, sequence, time } from './der.ts';

export interface CertificateRequest {
  /** The name, DER, and the private key. */
  readonly issuer: { readonly name: Buffer; readonly key: KeyObject };
  /** The name, DER, and the public key. */
  readonly subject: { readonly name: Buffer; readonly key: KeyObject };
  readonly validity: readonly [Date, Date];
  /** DER. */
  readonly extensions: readonly Buffer[];
}

/** As `certificateAuthorities` and `timestampAuthorities` of a trusted_root.json list one. */
export interface TestAuthorityInstance {
  subject: { organization: string; commonName: string };
  uri: string;
  certChain: { certificates: { rawBytes: string }[] };
  validFor: { start?: string; end?: string };
}

/** What is signed of a certificate (RFC 5280, section 4.1). */
export function tbsOf({ issuer, subject, validity, extensions }: CertificateRequest): Buffer {
  return sequence(
    der(0xa0, integer(2)), // version 3
    integer(1), // serial number
    ecdsaWithSha256,
    issuer.name,
    sequence(...validity.map(time)),
    subject.name,
    subject.key.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
}

/** A certificate, DER. */
export function certify(request: CertificateRequest): Buffer {
  const signed = tbsOf(request);
  const signature = sign('sha256', signed, request.issuer.key);
  return sequence(signed, ecdsaWithSha256, der(0x03, Buffer.of(0), signature));
}
