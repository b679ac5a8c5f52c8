import { X509Certificate } from 'node:crypto';
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { CodedError } from '../errors/coded-error.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

/** Node passes over what it cannot read, and the reader would be told of an untrusted registry instead. */
export function requireCertificates(pem: string): void {
  const found = pem.match(CERTIFICATE) ?? [];
  const begun = pem.split('-----BEGIN ').length - 1;
  if (found.length > 0 && found.length === begun && found.every(isCertificate)) return;
  throw new CodedError('USAGE', `expected PEM certificates of authorities, got ${describe(found.length, begun)}`, {
    suggestions: ['Give a file with one or more BEGIN CERTIFICATE blocks, each whole, and nothing else in PEM.'],
  });
}

/** In addition to what Node trusts (its own list, NODE_EXTRA_CA_CERTS, or the system's where Node was told so). */
export function trustAlso(pem: string): SecureContext {
  return createSecureContext({ ca: [...getCACertificates('default'), ...(pem.match(CERTIFICATE) ?? [])] });
}

function isCertificate(pem: string): boolean {
  try {
    return Boolean(new X509Certificate(pem));
  } catch {
    return false;
  }
}

function describe(found: number, begun: number): string {
  if (begun === 0) return 'none';
  return found === begun ? 'a block that is no certificate' : 'other or unfinished blocks';
}
