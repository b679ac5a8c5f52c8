import { X509Certificate as NodeCertificate } from 'node:crypto';
import { EXTENSION_OID_SCT, X509Certificate } from '@sigstore/core';
import { printable } from '../errors/printable.ts';
import type { CertificateIdentity } from '../trust/trusted-identity.ts';
import { SignatureRefusal } from './signature-verdict.ts';

const CODE_SIGNING = '1.3.6.1.5.5.7.3.3';
const SUBJECT_ALT_NAME = '2.5.29.17';
// fulcio, docs/oid-info.md: the issuer as bare text, and later as a DER string.
const ISSUER_V1 = '1.3.6.1.4.1.57264.1.1';
const ISSUER_V2 = '1.3.6.1.4.1.57264.1.8';
/** GeneralName of RFC 5280, section 4.2.1.6: the two forms that name one signer in one way. */
const EMAIL = 1;
const URI = 6;
/** Fulcio's have some two thousand. The library makes an object of every few bytes. */
const MAX_BYTES = 32 * 1024;

/** RFC 5280, section 4.2: a critical extension that is not understood refuses the certificate. */
const UNDERSTOOD: ReadonlySet<string> = new Set([
  SUBJECT_ALT_NAME,
  '2.5.29.14', // subject key identifier
  '2.5.29.15', // key usage
  '2.5.29.19', // basic constraints
  '2.5.29.35', // authority key identifier
  '2.5.29.37', // extended key usage
  EXTENSION_OID_SCT,
]);

/**
 * Whom a signing certificate names, after the checks of a leaf that the library leaves to its caller: for code signing,
 * no authority, nothing critical that is not understood, one name, one issuer. Its chain is not looked at here.
 */
export function readSigningCertificate(der: Buffer): CertificateIdentity {
  if (der.length > MAX_BYTES) throw refused(`it has ${der.length} bytes: at most ${MAX_BYTES}`);
  try {
    const { keyUsage } = new NodeCertificate(der);
    const certificate = X509Certificate.parse(Buffer.from(der));
    // As the extension says, whatever its key may be used for: Node says "no" where it may not sign certificates.
    if (certificate.extBasicConstraints?.isCA) throw refused('it is an authority’s');
    if (!keyUsage?.includes(CODE_SIGNING)) throw refused('it is not for code signing');
    refuseUnknownExtensions(certificate);
    return { issuer: issuerOf(certificate), subject: subjectOf(certificate) };
  } catch (cause) {
    if (cause instanceof SignatureRefusal) throw cause;
    throw refused('it cannot be read', cause);
  }
}

function refuseUnknownExtensions({ extensions }: X509Certificate): void {
  const seen = new Set<string>();
  for (const extension of extensions) {
    const oid = extension.subs[0]?.toOID() ?? '';
    const isCritical = extension.subs.length === 3 && extension.subs[1]?.toBoolean();
    if (isCritical && !UNDERSTOOD.has(oid)) throw refused(`its critical extension ${printable(oid)} is not known`);
    if (seen.has(oid)) throw refused(`its extension ${printable(oid)} is there twice`);
    seen.add(oid);
  }
}

/** Of two names each reader could take another one. */
function subjectOf(certificate: X509Certificate): string {
  const names = certificate.extension(SUBJECT_ALT_NAME)?.valueObj.subs[0]?.subs ?? [];
  const [name] = names;
  if (!name || names.length > 1) throw refused(`expected one subject alternative name, got ${names.length}`);
  if (!name.tag.isContextSpecific(EMAIL) && !name.tag.isContextSpecific(URI))
    throw refused('its subject alternative name is neither a URI nor an e-mail address');
  return requireText(name.value, 'subject alternative name');
}

function issuerOf(certificate: X509Certificate): string {
  const bare = certificate.extension(ISSUER_V1)?.value;
  const newer = certificate.extension(ISSUER_V2);
  const wrapped = newer?.valueObj.subs[0]?.value;
  if (newer && !wrapped) throw refused('its issuer cannot be read');
  if (bare && wrapped && !bare.equals(wrapped)) throw refused('it names two issuers');
  const issuer = wrapped ?? bare;
  if (!issuer) throw refused('it names no issuer');
  return requireText(issuer, 'issuer');
}

function requireText(bytes: Buffer, what: string): string {
  const text = bytes.toString('latin1');
  if (/^[\x21-\x7e]{1,2048}$/.test(text)) return text;
  throw refused(`its ${what} is no plain text`);
}

function refused(why: string, cause?: unknown): SignatureRefusal {
  return new SignatureRefusal('certificate-invalid', why, cause);
}
