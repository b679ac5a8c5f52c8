import { createHash, createPublicKey, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { dsse, json } from '@sigstore/core';
import { type Digest, hexOf } from '../oci/digest.ts';
import type { BundleDocument } from '../verify/bundle-document.ts';
import type { TestBundleEntry, TestBundleLog, TestEntryOptions } from './test-bundle-log.ts';
import type { TestTimestampAuthority } from './test-timestamp-authority.ts';

/** A Sigstore bundle as JSON has it (protobuf-specs, sigstore_bundle.proto): each member may be changed. */
export interface TestBundle {
  mediaType: string;
  verificationMaterial: {
    publicKey?: { hint?: string };
    certificate?: { rawBytes: string };
    x509CertificateChain?: { certificates: { rawBytes: string }[] };
    tlogEntries: TestBundleEntry[];
    timestampVerificationData?: { rfc3161Timestamps: { signedTimestamp: string }[] };
  };
  messageSignature?: { messageDigest: { algorithm: string; digest: string }; signature: string };
  dsseEnvelope?: { payload: string; payloadType: string; signatures: { sig: string; keyid?: string }[] };
}

export interface TestBundleRequest extends TestEntryOptions {
  /** What is signed: an in-toto statement, or the bytes of an artifact. */
  readonly content: { readonly payload: Uint8Array; readonly payloadType?: string } | { readonly message: Uint8Array };
  /** Whose key signs; with the certificate for it (DER), where there is one. */
  readonly by: { readonly privateKey: KeyObject; readonly certificate?: Buffer };
  readonly log?: TestBundleLog;
  readonly stamps?: readonly { readonly authority: TestTimestampAuthority; readonly date: Date }[];
  readonly version?: '0.1' | '0.2' | '0.3';
  /** The kind of entry; what Rekor's clients use today where left out. */
  readonly kind?: TestBundleEntry['kindVersion'];
  /** Changes the body before it is logged: a log takes what it is given. */
  readonly body?: (body: string) => string;
}

const IN_TOTO = 'application/vnd.in-toto+json';

/** The statement that cosign signs for an image (cosign, pkg/types). */
export function signatureStatement(digest: Digest, members: Readonly<Record<string, unknown>> = {}): Buffer {
  return Buffer.from(
    JSON.stringify({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: '', digest: { sha256: hexOf(digest) } }],
      predicateType: 'https://sigstore.dev/cosign/sign/v1',
      predicate: {},
      ...members,
    }),
  );
}

/** Signs, stamps and logs, as cosign 3 does; nothing of it is written anywhere. */
export function signTestBundle(request: TestBundleRequest): TestBundle {
  const { content, by, log, stamps = [], version = '0.3', body = (text: string) => text } = request;
  const bytes =
    'message' in content
      ? content.message
      : dsse.preAuthEncoding(content.payloadType ?? IN_TOTO, Buffer.from(content.payload));
  const signature = sign('sha256', bytes, by.privateKey);
  const kind = request.kind ?? usualKind(log?.version, 'message' in content);
  const entry = log?.entry(
    kind,
    Buffer.from(body(json.canonicalize(bodyOf(kind, request, bytes, signature)))),
    request,
  );
  return {
    mediaType:
      version === '0.3'
        ? 'application/vnd.dev.sigstore.bundle.v0.3+json'
        : `application/vnd.dev.sigstore.bundle+json;version=${version}`,
    verificationMaterial: {
      ...signerOf(by.certificate, version),
      tlogEntries: entry ? [entry] : [],
      ...(stamps.length > 0 && {
        timestampVerificationData: {
          rfc3161Timestamps: stamps.map(({ authority, date }) => ({
            signedTimestamp: authority.stamp(signature, date),
          })),
        },
      }),
    },
    ...('message' in content
      ? {
          messageSignature: {
            messageDigest: { algorithm: 'SHA2_256', digest: sha256(content.message).toString('base64') },
            signature: signature.toString('base64'),
          },
        }
      : {
          dsseEnvelope: {
            payload: Buffer.from(content.payload).toString('base64'),
            payloadType: content.payloadType ?? IN_TOTO,
            signatures: [{ sig: signature.toString('base64') }],
          },
        }),
  };
}

/** As a registry hands it out: under the media type that it states. */
export function bundleDocument(bundle: TestBundle, mediaType: string = bundle.mediaType): BundleDocument {
  return { mediaType, bytes: Buffer.from(JSON.stringify(bundle)) };
}

function signerOf(certificate: Buffer | undefined, version: string) {
  if (!certificate) return { publicKey: { hint: 'a hint that nobody signed' } };
  const rawBytes = certificate.toString('base64');
  return version === '0.3' ? { certificate: { rawBytes } } : { x509CertificateChain: { certificates: [{ rawBytes }] } };
}

function usualKind(version: 1 | 2 | undefined, isMessage: boolean): TestBundleEntry['kindVersion'] {
  if (version === 2) return { kind: 'hashedrekord', version: '0.0.2' };
  return { kind: isMessage ? 'hashedrekord' : 'dsse', version: '0.0.1' };
}

/** What a log keeps of a signature: sigstore/rekor, types/{hashedrekord,dsse,intoto}; rekor-tiles, entry.proto. */
function bodyOf(
  { kind, version: apiVersion }: TestBundleEntry['kindVersion'],
  { content, by }: TestBundleRequest,
  bytes: Uint8Array,
  signature: Buffer,
): object {
  const spki = createPublicKey(by.privateKey);
  const pem = by.certificate
    ? new X509Certificate(by.certificate).toString()
    : spki.export({ type: 'spki', format: 'pem' }).toString();
  const verifierPem = Buffer.from(pem).toString('base64');
  const verifier = {
    keyDetails: 'PKIX_ECDSA_P256_SHA_256',
    ...(by.certificate
      ? { x509Certificate: { rawBytes: by.certificate.toString('base64') } }
      : { publicKey: { rawBytes: spki.export({ type: 'spki', format: 'der' }).toString('base64') } }),
  };
  const text = signature.toString('base64');
  const payload = 'message' in content ? content.message : content.payload;
  const specs: Record<string, object> = {
    'hashedrekord 0.0.1': {
      data: { hash: hashOf(bytes) },
      signature: { content: text, publicKey: { content: verifierPem } },
    },
    'hashedrekord 0.0.2': {
      hashedRekordV002: {
        data: { algorithm: 'SHA2_256', digest: sha256(bytes).toString('base64') },
        signature: { content: text, verifier },
      },
    },
    'dsse 0.0.1': {
      envelopeHash: hashOf(Buffer.from('the envelope as it was uploaded')),
      payloadHash: hashOf(payload),
      signatures: [{ signature: text, verifier: verifierPem }],
    },
    'dsse 0.0.2': {
      dsseV002: {
        payloadHash: { algorithm: 'SHA2_256', digest: sha256(payload).toString('base64') },
        signatures: [{ content: text, verifier }],
      },
    },
    'intoto 0.0.2': {
      content: {
        envelope: {
          payloadType: IN_TOTO,
          signatures: [{ publicKey: verifierPem, sig: Buffer.from(text).toString('base64') }],
        },
        hash: hashOf(Buffer.from('the envelope as it was uploaded')),
        payloadHash: hashOf(payload),
      },
    },
  };
  return { apiVersion, kind, spec: specs[`${kind} ${apiVersion}`] ?? {} };
}

function hashOf(bytes: Uint8Array) {
  return { algorithm: 'sha256', value: sha256(bytes).toString('hex') };
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
