import { type KeyObject, verify, X509Certificate } from 'node:crypto';
import type { Bundle } from '@sigstore/bundle';
import { dsse } from '@sigstore/core';
import type { TrustedKey } from '../trust/public-key.ts';
import type { CertificateIdentity } from '../trust/trusted-identity.ts';
import { isEntryAbout, type SignedContent } from './logged-body.ts';
import type { LoggedEntry } from './logged-entry.ts';
import { SignatureRefusal } from './signature-verdict.ts';
import { readSigningCertificate } from './signing-certificate.ts';

/** Whom a bundle is by: a trusted key, or the holder of a certificate, DER. */
export type BundleSigner =
  | { readonly key: KeyObject; readonly trusted: TrustedKey }
  | { readonly certificate: Buffer; readonly identity: CertificateIdentity };

/** The hint of a key-made bundle is not signed, so it decides nothing: each trusted key is held against the bundle. */
export function findBundleSigner(
  bundle: Bundle,
  content: SignedContent,
  entry: LoggedEntry | undefined,
  keys: readonly TrustedKey[],
): BundleSigner {
  const certificate = leafOf(bundle);
  if (certificate) return { certificate, identity: readSigningCertificate(certificate) };
  const logged = entry && keys.find(({ keyObject }) => isEntryAbout(entry, content, { key: keyObject }));
  const trusted = logged ?? keys.find((key) => isSignedBy(content, key));
  if (trusted) return { key: trusted.keyObject, trusted };
  const claimed = entry?.canonicalizedBody.toString('latin1') ?? '';
  const claimsOurs = keys.some((key) => claimed.includes(key.entryContent) || claimed.includes(derOf(key)));
  throw new SignatureRefusal(claimsOurs ? 'signature-mismatch' : 'signature-foreign');
}

/** The leaf. What else stands in a chain is left alone, but a root there would make the bundle bring its own trust. */
function leafOf({ verificationMaterial: { content } }: Bundle): Buffer | undefined {
  if (content.$case === 'publicKey') return undefined;
  if (content.$case === 'certificate') return content.certificate.rawBytes;
  const [leaf, ...above] = content.x509CertificateChain.certificates.map(({ rawBytes }) => rawBytes);
  if (above.some(isSelfIssued)) throw new SignatureRefusal('bundle-malformed', 'it brings a root certificate');
  return leaf;
}

function isSelfIssued(der: Buffer): boolean {
  try {
    const { issuer, subject } = new X509Certificate(der);
    return issuer === subject;
  } catch (cause) {
    throw new SignatureRefusal('certificate-invalid', 'it cannot be read', cause);
  }
}

function isSignedBy(content: SignedContent, { keyObject }: TrustedKey): boolean {
  const signed =
    content.form === 'message' ? content.message : dsse.preAuthEncoding(content.payloadType, content.payload);
  return verify('sha256', signed, keyObject, content.signature);
}

function derOf({ keyObject }: TrustedKey): string {
  return keyObject.export({ type: 'spki', format: 'der' }).toString('base64');
}
