import { createHash, createPublicKey, type KeyObject, sign, X509Certificate } from 'node:crypto';
import { dsse, json } from '@sigstore/core';
import { mediaTypes } from '../oci/descriptor.ts';
import { type Digest, digestOf, hexOf } from '../oci/digest.ts';
import type { LegacyAttestation } from '../verify/legacy-attestation.ts';
import type { TestAuthority, TestJob } from './test-authority.ts';
import { createTestAuthority } from './test-authority.ts';
import type { TestContent, TestDocument } from './test-image.ts';
import { createTestLog, type TestLog } from './test-log.ts';
import type { TestRegistry } from './test-registry.ts';
import { testTrustedRoot } from './test-trusted-root.ts';

/** Sigstore in small: an authority with its certificate log, and a transparency log of the first version. */
export interface TestAttester {
  readonly authority: TestAuthority;
  readonly log: TestLog;
  /** A trusted_root.json that names both. */
  readonly trustedRoot: Buffer;
  attest(request: TestStatement): LegacyAttestation;
}

export interface TestStatement {
  readonly digest: Digest;
  readonly predicateType: string;
  readonly predicate: unknown;
  /** Whose job signs, with a certificate of its own; or whose key. */
  readonly signer: TestJob | KeyObject;
  readonly time?: Date;
  /** Members of the statement, in place of the usual. */
  readonly statement?: Readonly<Record<string, unknown>>;
  readonly payloadType?: string;
  /** In place of the statement, bytes. */
  readonly payload?: Uint8Array;
  /** What is signed, where it is not the payload's pre-authentication encoding. */
  readonly signed?: (payload: Buffer) => Buffer;
}

const IN_TOTO = 'application/vnd.in-toto+json';

export function createTestAttester(log: TestLog = createTestLog()): TestAttester {
  const authority = createTestAuthority();
  return {
    authority,
    log,
    trustedRoot: testTrustedRoot({ logs: [log], authority }),
    attest({ digest, predicateType, predicate, signer, time, statement = {}, payloadType = IN_TOTO, ...rest }) {
      const subject = [{ name: 'image', digest: { sha256: hexOf(digest) } }];
      const usual = { _type: 'https://in-toto.io/Statement/v1', subject, predicateType, predicate, ...statement };
      const payload = Buffer.from(rest.payload ?? JSON.stringify(usual));
      const { signed = () => dsse.preAuthEncoding(payloadType, payload) } = rest;
      const by = 'signer' in signer ? authority.issue(signer) : { privateKey: signer, pem: undefined };
      const signature = sign('sha256', signed(payload), by.privateKey).toString('base64');
      const envelope = Buffer.from(
        JSON.stringify({
          payloadType,
          payload: payload.toString('base64'),
          signatures: [{ keyid: '', sig: signature }],
        }),
      );
      const verifier = by.pem
        ? new X509Certificate(by.pem).toString()
        : createPublicKey(by.privateKey).export({ type: 'spki', format: 'pem' }).toString();
      const body = json.canonicalize({
        apiVersion: '0.0.1',
        kind: 'dsse',
        spec: {
          envelopeHash: hashOf(envelope),
          payloadHash: hashOf(payload),
          signatures: [{ signature, verifier: Buffer.from(verifier).toString('base64') }],
        },
      });
      const bundle = log.enter(Buffer.from(body), { time });
      return { envelope, certificate: by.pem, bundle };
    },
  };
}

/** The `.att` manifest with the blobs that it points to, laid out as cosign does: one layer per attestation. */
export function attestationManifest(
  attestations: readonly LegacyAttestation[],
): TestDocument & { readonly blobs: readonly TestContent[] } {
  const mediaType = mediaTypes.ociManifest;
  const config = Buffer.from('{"architecture":"","os":"","rootfs":{"type":"layers","diff_ids":[]},"config":{}}');
  const describe = (type: string, bytes: Uint8Array) => ({
    mediaType: type,
    size: bytes.length,
    digest: digestOf(bytes),
  });
  const layers = attestations.map(({ envelope, certificate, bundle }) => ({
    ...describe(mediaTypes.dsseEnvelope, envelope),
    annotations: {
      'dev.cosignproject.cosign/signature': '',
      ...(certificate !== undefined && { 'dev.sigstore.cosign/certificate': certificate }),
      ...(bundle !== undefined && { 'dev.sigstore.cosign/bundle': JSON.stringify(bundle) }),
    },
  }));
  const manifest = { schemaVersion: 2, mediaType, config: describe(mediaTypes.ociConfig, config), layers };
  const bytes = Buffer.from(JSON.stringify(manifest));
  const blobs = [config, ...attestations.map(({ envelope }) => envelope)];
  return {
    mediaType,
    digest: digestOf(bytes),
    bytes,
    blobs: blobs.map((blob) => ({ digest: digestOf(blob), bytes: blob })),
  };
}

/** Puts the attestations of a digest under its `.att` tag, in place of those that were there. */
export function publishAttestations(
  registry: Pick<TestRegistry, 'putBlob' | 'putManifest'>,
  repository: string,
  digest: Digest,
  attestations: readonly LegacyAttestation[],
): void {
  const { bytes, mediaType, blobs } = attestationManifest(attestations);
  for (const blob of blobs) registry.putBlob(repository, blob.bytes);
  registry.putManifest(repository, bytes, mediaType, `sha256-${hexOf(digest)}.att`);
}

function hashOf(bytes: Uint8Array) {
  return { algorithm: 'sha256', value: createHash('sha256').update(bytes).digest('hex') };
}
