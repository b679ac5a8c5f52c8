import { X509Certificate } from 'node:crypto';
import type { Bundle } from '@sigstore/bundle';
import * as v from 'valibot';
import { codeOf } from '../errors/coded-error.ts';
import { parseJson } from '../oci/parse-json.ts';
import { parseShape } from '../oci/parse-shape.ts';
import { decodeBase64 } from './canonical-base64.ts';
import type { LegacyAttestation } from './legacy-attestation.ts';
import type { LoggedEntry } from './logged-entry.ts';
import { parseRekorBundle } from './rekor-bundle.ts';
import { SignatureRefusal } from './signature-verdict.ts';

const ONE_CERTIFICATE = /^-----BEGIN CERTIFICATE-----\r?\n[A-Za-z0-9+/=\r\n]+-----END CERTIFICATE-----[\r\n]*$/;
const place = { where: 'attestation', code: 'SIGNATURE_MALFORMED' } as const;

const base64 = v.pipe(
  v.string(),
  v.check((text) => decodeBase64(text) !== undefined, 'expected canonical base64'),
  v.transform((text) => Buffer.from(text, 'base64')),
);
const short = v.pipe(v.string(), v.maxLength(1024));

// secure-systems-lab/dsse, envelope.md. An unknown member is signed by nobody.
const envelopeSchema = v.strictObject({
  payloadType: short,
  payload: base64,
  signatures: v.pipe(
    v.array(v.strictObject({ sig: base64, keyid: v.nullish(short, '') })),
    v.length(1, 'expected exactly one signature'),
  ),
});
const bodySchema = v.object({ kind: short, apiVersion: short });

/** Cosign's legacy attestation in the words of a Sigstore bundle of the first version, which has a promise and no proof. */
export function legacyEnvelope({ envelope, certificate, bundle }: LegacyAttestation): Bundle {
  const { payload, payloadType, signatures } = parsed('bundle-malformed', () =>
    parseShape(envelopeSchema, parseJson(envelope, place), place),
  );
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1',
    content: {
      $case: 'dsseEnvelope',
      dsseEnvelope: {
        payload,
        payloadType,
        signatures: signatures.map(({ sig, keyid }) => ({ sig, keyid: keyid ?? '' })),
      },
    },
    verificationMaterial: {
      content:
        certificate === undefined
          ? { $case: 'publicKey', publicKey: { hint: '' } }
          : {
              $case: 'x509CertificateChain',
              x509CertificateChain: { certificates: [{ rawBytes: derOf(certificate) }] },
            },
      tlogEntries: bundle === undefined ? [] : [entryOf(bundle)],
      timestampVerificationData: undefined,
    },
  } as Bundle;
}

function entryOf(bundle: unknown): LoggedEntry {
  const { body, integratedTime, logId, logIndex, signedEntryTimestamp } = parseRekorBundle(bundle);
  const { kind, apiVersion } = parsed('log-entry-malformed', () =>
    parseShape(bodySchema, parseJson(body, place), place),
  );
  return {
    logIndex: String(logIndex),
    logId: { keyId: Buffer.from(logId, 'hex') },
    kindVersion: { kind, version: apiVersion },
    integratedTime: String(integratedTime),
    inclusionPromise: { signedEntryTimestamp },
    inclusionProof: undefined,
    canonicalizedBody: body,
  };
}

function derOf(pem: string): Buffer {
  if (!ONE_CERTIFICATE.test(pem)) throw new SignatureRefusal('certificate-invalid', 'it is not one PEM block');
  try {
    return new X509Certificate(pem).raw;
  } catch (cause) {
    throw new SignatureRefusal('certificate-invalid', 'it cannot be read', cause);
  }
}

function parsed<T>(reason: 'bundle-malformed' | 'log-entry-malformed', parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    if (codeOf(cause) === undefined) throw cause;
    throw new SignatureRefusal(reason, (cause as Error).message, cause);
  }
}
