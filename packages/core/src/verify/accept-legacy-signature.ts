import { createHash, verify as verifyRaw } from 'node:crypto';
import { HashAlgorithm } from '@sigstore/protobuf-specs';
import { type SignedEntity, toSignedEntity, Verifier } from '@sigstore/verify';
import type { Digest } from '../oci/digest.ts';
import type { TrustedKey } from '../trust/public-key.ts';
import type { TransparencyLog } from '../trust/transparency-log.ts';
import type { Trust } from '../trust/trust.ts';
import { decodeBase64 } from './canonical-base64.ts';
import { hashedRekordBody } from './hashed-rekord.ts';
import type { LegacySignature } from './legacy-signature.ts';
import { parseRekorBundle, type RekorBundle } from './rekor-bundle.ts';
import { type AcceptedSignature, type LogEntry, SignatureRefusal } from './signature-verdict.ts';
import { requirePayload } from './simple-signing.ts';

/** One signature against one trust: evidence, or a SignatureRefusal. Pure: no clock, no network, no file. */
export function acceptLegacySignature(found: LegacySignature, digest: Digest, trust: Trust): AcceptedSignature {
  const signature = decodeBase64(found.signature);
  if (!signature) throw new SignatureRefusal('signature-malformed');
  const bundle = found.bundle === undefined ? undefined : parseRekorBundle(found.bundle);
  const key = findSigner(found, signature, bundle, trust);
  const log = bundle
    ? verifyEntry(found, signature, bundle, key, trust.logs)
    : requireNoEntry(found, signature, key, trust);
  requirePayload(found.payload, digest, trust.image);
  return { verdict: 'accepted', digest, key: key.fingerprint, ...(log && { log }) };
}

/** The trusted key that the log entry is about; without one, why not: somebody else's signature, or a damaged one. */
function findSigner(
  found: LegacySignature,
  signature: Buffer,
  bundle: RekorBundle | undefined,
  trust: Trust,
): TrustedKey {
  const logged =
    bundle && trust.keys.find((key) => hashedRekordBody(found.payload, found.signature, key).equals(bundle.body));
  if (logged) return logged;
  const signer = trust.keys.find((key) => signatureMatches(found.payload, key, signature));
  if (signer && bundle) throw new SignatureRefusal('log-entry-mismatch');
  if (signer) return signer;
  const claimed = bundle?.body.toString('latin1');
  const claimsOurs = trust.keys.some((key) => claimed?.includes(key.entryContent));
  throw new SignatureRefusal(claimsOurs ? 'signature-mismatch' : 'signature-foreign');
}

function signatureMatches(payload: Uint8Array, key: TrustedKey, signature: Buffer): boolean {
  return verifyRaw('sha256', payload, key.keyObject, signature);
}

function requireNoEntry({ payload }: LegacySignature, signature: Buffer, key: TrustedKey, trust: Trust): undefined {
  if (trust.logEntry !== 'not-required') throw new SignatureRefusal('log-entry-missing');
  if (!signatureMatches(payload, key, signature)) throw new SignatureRefusal('signature-mismatch');
}

/** Signature and promise in one call of the library; index and time count only because the promise (SET) covers them. */
function verifyEntry(
  found: LegacySignature,
  signature: Buffer,
  bundle: RekorBundle,
  key: TrustedKey,
  logs: readonly TransparencyLog[],
): LogEntry {
  const time = new Date(bundle.integratedTime * 1000);
  const log = requireLog(bundle, time, logs);
  try {
    verifierFor(key, log).verify(toEntity(found, signature, bundle));
  } catch (cause) {
    throw new SignatureRefusal(reasonOf(cause), undefined, cause);
  }
  return { id: log.id, index: bundle.logIndex, time };
}

function requireLog({ logId }: RekorBundle, time: Date, logs: readonly TransparencyLog[]): TransparencyLog {
  const known = logs.filter(({ id }) => id === logId);
  if (known.length === 0) throw new SignatureRefusal('log-unknown', `log ${logId}`);
  const valid = known.find(({ authority: { validFor } }) => validFor.start <= time && time <= validFor.end);
  if (!valid) throw new SignatureRefusal('log-key-expired', `log ${logId}`);
  return valid;
}

function verifierFor(key: TrustedKey, log: TransparencyLog): Verifier {
  const trustMaterial = {
    certificateAuthorities: [],
    timestampAuthorities: [],
    ctlogs: [],
    tlogs: [log.authority],
    publicKey: () => ({ publicKey: key.keyObject, validFor: () => true }),
  };
  return new Verifier(trustMaterial, { tlogThreshold: 1, ctlogThreshold: 0, timestampThreshold: 0 });
}

/** The legacy form in the words of a Sigstore bundle (protobuf-specs, sigstore_bundle.proto). */
function toEntity({ payload }: LegacySignature, signature: Buffer, bundle: RekorBundle): SignedEntity {
  const messageDigest = { algorithm: HashAlgorithm.SHA2_256, digest: createHash('sha256').update(payload).digest() };
  return toSignedEntity(
    {
      mediaType: 'application/vnd.dev.sigstore.bundle+json;version=0.1',
      content: { $case: 'messageSignature', messageSignature: { messageDigest, signature } },
      verificationMaterial: {
        content: { $case: 'publicKey', publicKey: { hint: '' } },
        timestampVerificationData: undefined,
        tlogEntries: [
          {
            logIndex: String(bundle.logIndex),
            logId: { keyId: Buffer.from(bundle.logId, 'hex') },
            kindVersion: { kind: 'hashedrekord', version: '0.0.1' },
            integratedTime: String(bundle.integratedTime),
            inclusionPromise: { signedEntryTimestamp: bundle.signedEntryTimestamp },
            inclusionProof: undefined,
            canonicalizedBody: bundle.body,
          },
        ],
      },
    },
    Buffer.from(payload),
  );
}

function reasonOf(error: unknown): 'signature-mismatch' | 'log-promise-invalid' {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'SIGNATURE_ERROR') return 'signature-mismatch';
  if (code === 'TLOG_INCLUSION_PROMISE_ERROR') return 'log-promise-invalid';
  throw error;
}
