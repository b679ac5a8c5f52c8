import { type ASN1Obj, X509Certificate } from '@sigstore/core';
import { printable } from '../../errors/printable.ts';
import { ProvenanceRefusal } from './provenance-refusal.ts';
import { repositoryOfUrl } from './repository-name.ts';

/**
 * What Fulcio wrote into a signing certificate, from the token of the job that asked for it (sigstore/fulcio,
 * docs/oid-info.md). None of it can be chosen by whoever runs in that job.
 */
export interface CertificateClaims {
  /** OIDC issuer, URL. */
  readonly issuer: string;
  /** The one subject alternative name, a URI: with GitHub the workflow file whose job signed. */
  readonly signer: string;
  /** As repository-name.ts spells it. */
  readonly repository?: string;
  readonly ref?: string;
  /** Hex. */
  readonly commit?: string;
  /** The event that started the run. */
  readonly trigger?: string;
  /** URI of the workflow file that the run began with. */
  readonly buildConfig?: string;
  readonly runner?: string;
  /** URL of the run. */
  readonly run?: string;
}

const SUBJECT_ALT_NAME = '2.5.29.17';
const FULCIO = '1.3.6.1.4.1.57264.1';
const MAX_CLAIM_BYTES = 2048;
const UTF8_STRING = 0x0c;

/** DER of a certificate that was verified up to its authority, to claims. Throws `ProvenanceRefusal`. */
export function readCertificateClaims(der: Uint8Array): CertificateClaims {
  const extensions = readExtensions(der);
  // Up to .7 an extension holds the bare text, from .8 on a UTF8String.
  const bare = (arc: number) => readBare(extensions.get(`${FULCIO}.${arc}`));
  const typed = (arc: number) => readUtf8String(extensions.get(`${FULCIO}.${arc}`));
  const signer = readSigner(extensions.get(SUBJECT_ALT_NAME));
  const issuer = agreed('issuer', bare(1), typed(8));
  if (issuer === undefined) throw new ProvenanceRefusal('issuer', 'a certificate that names its issuer', undefined);
  agreed('builder', signer, typed(9));
  const url = typed(12);
  const repository = agreed('repository', bare(5), url === undefined ? undefined : (repositoryOfUrl(url) ?? url));
  const optional = {
    repository,
    ref: agreed('ref', bare(6), typed(14)),
    commit: agreed('commit', bare(3), typed(13)),
    trigger: agreed('trigger', bare(2), typed(20)),
    buildConfig: typed(18),
    runner: typed(11),
    run: typed(21),
  };
  const present = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return { issuer, signer, ...present };
}

/** By OID. The library takes the first of two, another reader may take the last: so neither counts. */
function readExtensions(der: Uint8Array): ReadonlyMap<string, ASN1Obj> {
  const found = new Map<string, ASN1Obj>();
  try {
    for (const { subs } of X509Certificate.parse(Buffer.from(der)).extensions) {
      const oid = (subs[0] as ASN1Obj).toOID();
      if (found.has(oid)) throw new ProvenanceRefusal('certificate', 'each extension once', `${oid} twice`);
      found.set(oid, subs.at(-1) as ASN1Obj);
    }
  } catch (error) {
    if (error instanceof ProvenanceRefusal) throw error;
    throw new ProvenanceRefusal('certificate', 'an X.509 certificate', 'one that cannot be read', error);
  }
  return found;
}

/** Exactly one name, a URI: with several, which one was meant would be up to the reader. */
function readSigner(extension: ASN1Obj | undefined): string {
  const names = extension?.subs[0]?.subs ?? [];
  const [name] = names;
  if (names.length !== 1 || !name?.tag.isContextSpecific(6))
    throw new ProvenanceRefusal('certificate', 'one subject alternative name, a URI', `${names.length} names`);
  return decode(name.value);
}

function readBare(extension: ASN1Obj | undefined): string | undefined {
  return extension && decode(extension.value);
}

function readUtf8String(extension: ASN1Obj | undefined): string | undefined {
  if (!extension) return undefined;
  const [text, ...more] = extension.subs;
  if (!text?.tag.isUniversal() || text.tag.number !== UTF8_STRING || text.tag.constructed || more.length > 0)
    throw new ProvenanceRefusal('certificate', 'claims that are UTF8String', 'another type');
  return decode(text.value);
}

function decode(bytes: Uint8Array): string {
  if (bytes.length === 0 || bytes.length > MAX_CLAIM_BYTES)
    throw new ProvenanceRefusal('certificate', `claims of 1 to ${MAX_CLAIM_BYTES} bytes`, `${bytes.length} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ProvenanceRefusal('certificate', 'claims in UTF-8', 'other bytes', cause);
  }
}

/** One claim in two extensions, the old one and the new one: what differs is not believed in either. */
function agreed(
  claim: 'issuer' | 'builder' | 'repository' | 'ref' | 'commit' | 'trigger',
  first: string | undefined,
  second: string | undefined,
): string | undefined {
  if (first !== undefined && second !== undefined && first !== second)
    throw new ProvenanceRefusal(claim, `${printable(first)} in all of the certificate`, second);
  return first ?? second;
}
