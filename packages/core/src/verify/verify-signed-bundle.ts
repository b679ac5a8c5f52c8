import { createHash } from 'node:crypto';
import type { Bundle } from '@sigstore/bundle';
import { type SignedEntity, type TrustMaterial, toSignedEntity, VerificationError, Verifier } from '@sigstore/verify';
import { certificateTrustOf } from '../trust/certificate-trust.ts';
import type { Trust } from '../trust/trust.ts';
import { type BundleSigner, findBundleSigner } from './bundle-signer.ts';
import { isEntryAbout, type SignedContent } from './logged-body.ts';
import { type LoggedEntry, logEntryOf, requireEntry, requireLog } from './logged-entry.ts';
import { type LogEntry, type RefusalReason, SignatureRefusal } from './signature-verdict.ts';
import { timestampsThatHold } from './timestamps-that-hold.ts';
import { unknownAuthority } from './unknown-authority.ts';
import { verifyPromise } from './verify-promise.ts';

export type BundleTrust = Pick<Trust, 'keys' | 'logs' | 'root' | 'logEntry'>;

/** What the signature is over, where the bundle does not hold it. */
export interface SignedThing {
  /** The bytes that a message signature is over. */
  readonly artifact?: Uint8Array | undefined;
  /** The envelope's own JSON, where it came as one document by itself. */
  readonly envelope?: Uint8Array | undefined;
}

export interface VerifiedBundle {
  readonly signer: BundleSigner;
  readonly log?: LogEntry;
}

/**
 * One bundle against one trust: who signed it and which log says so, or a SignatureRefusal. What the payload says is not
 * looked at, nor whether a certificate's holder is trusted. Pure: no clock, no network, no file.
 */
export function verifySignedBundle(bundle: Bundle, trust: BundleTrust, thing: SignedThing = {}): VerifiedBundle {
  const content = contentOf(bundle, thing);
  const entry = requireEntry(bundle.verificationMaterial.tlogEntries, trust.logEntry);
  const signer = findBundleSigner(bundle, content, entry, trust.keys);
  const authorities = certificateTrustOf(trust.root);
  const timestamps = timestampsThatHold(bundle, content.signature, authorities);
  const log = entry && requireLog(entry, timestamps, trust.logs);
  const material = {
    ...authorities,
    tlogs: log ? [log.authority] : [],
    publicKey: () => ({ publicKey: 'key' in signer ? signer.key : neverAsked(), validFor: () => true }),
  };
  verifyByLibrary(bundle, thing, {
    material,
    entry,
    certificate: 'certificate' in signer ? signer.certificate : undefined,
  });
  if (entry && log && isUnreadByLibrary(entry)) verifyPromise(entry, log);
  // The library compares less: not the signer, and no more of the body than it reads.
  if (entry && !isEntryAbout(entry, content, signer)) throw new SignatureRefusal('log-entry-mismatch');
  return { signer, ...(entry && log && { log: logEntryOf(entry, log, timestamps) }) };
}

function neverAsked(): never {
  throw new TypeError('a certificate brings its own key');
}

function contentOf({ content }: Bundle, { artifact, envelope }: SignedThing): SignedContent {
  if (content.$case === 'dsseEnvelope') {
    const { payload, payloadType, signatures } = content.dsseEnvelope;
    const signature = signatures[0]?.sig ?? Buffer.alloc(0);
    return { form: 'envelope', payload, payloadType, signature, ...(envelope && { document: envelope }) };
  }
  if (!artifact) throw new SignatureRefusal('bundle-needs-document');
  const { messageDigest, signature } = content.messageSignature;
  const digest = createHash('sha256').update(artifact).digest();
  // The library believes the digest that the bundle states.
  if (!messageDigest.digest.equals(digest)) throw new SignatureRefusal('signature-mismatch', 'it is about other bytes');
  return { form: 'message', message: artifact, digest, signature };
}

interface LibraryCheck {
  readonly material: TrustMaterial;
  readonly entry: LoggedEntry | undefined;
  /** Without one the bundle's timestamps are left out: a key needs none, and one that does not hold is no fault of the signature. */
  readonly certificate: Buffer | undefined;
}

/** Signature, certificate chain and its log, timestamps, promise, proof and checkpoint. */
function verifyByLibrary(bundle: Bundle, { artifact }: SignedThing, check: LibraryCheck): void {
  const { material, entry, certificate } = check;
  const keepTimestamps = certificate !== undefined;
  const readable = entry && !isUnreadByLibrary(entry);
  try {
    const entity = toEntity(bundle, artifact, keepTimestamps);
    new Verifier(material, {
      tlogThreshold: readable ? 1 : 0,
      ctlogThreshold: 1,
      timestampThreshold: keepTimestamps ? 1 : 0,
    }).verify(readable ? entity : { ...entity, tlogEntries: [] });
  } catch (cause) {
    throw refusalOf(cause, check);
  }
}

function refusalOf(cause: unknown, { material, certificate }: LibraryCheck): SignatureRefusal {
  const reason = reasonOf(cause);
  const authority = reason === 'certificate-invalid' && certificate && unknownAuthority(certificate, material);
  if (authority) return new SignatureRefusal('authority-unknown', `authority with the key ID ${authority}`, cause);
  return new SignatureRefusal(reason, undefined, cause);
}

function toEntity(bundle: Bundle, artifact: Uint8Array | undefined, keepTimestamps: boolean): SignedEntity {
  const { verificationMaterial } = bundle;
  const kept = keepTimestamps
    ? bundle
    : ({
        ...bundle,
        verificationMaterial: { ...verificationMaterial, timestampVerificationData: undefined },
      } as Bundle);
  return toSignedEntity(kept, artifact && Buffer.from(artifact));
}

function isUnreadByLibrary({ kindVersion: { kind, version } }: LoggedEntry): boolean {
  return kind === 'intoto' && version === '0.0.1';
}

const REASONS: Readonly<Record<string, RefusalReason>> = {
  SIGNATURE_ERROR: 'signature-mismatch',
  CERTIFICATE_ERROR: 'certificate-invalid',
  TIMESTAMP_ERROR: 'timestamp-invalid',
  TLOG_BODY_ERROR: 'log-entry-mismatch',
  TLOG_INCLUSION_PROMISE_ERROR: 'log-promise-invalid',
  TLOG_INCLUSION_PROOF_ERROR: 'log-proof-invalid',
  TLOG_MISSING_INCLUSION_ERROR: 'log-proof-invalid',
};

/** Whatever else it stumbles over (ASN.1, numbers) stands in the hostile bundle: never accepted, and no bug of ours. */
function reasonOf(cause: unknown): RefusalReason {
  return (cause instanceof VerificationError ? REASONS[cause.code] : undefined) ?? 'bundle-malformed';
}
