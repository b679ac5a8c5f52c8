import { generateKeyPairSync, sign } from 'node:crypto';
import { parsePublicKey, type TrustedKey } from '../trust/public-key.ts';
import { hashedRekordBody } from '../verify/hashed-rekord.ts';
import { instanceOf, prove, type TestBundleLog, withIndex } from './test-bundle-log.ts';
import { createTestTree } from './test-tree.ts';

/** Cosign's annotation `dev.sigstore.cosign/bundle`, as an object. */
export interface TestRekorBundle {
  readonly SignedEntryTimestamp: string;
  readonly Payload: {
    readonly body: string;
    readonly integratedTime: number;
    readonly logIndex: number;
    readonly logID: string;
  };
}

export interface TestLogEntry {
  readonly payload: Uint8Array;
  /** Base64. */
  readonly signature: string;
  readonly key: TrustedKey;
  readonly time?: Date | undefined;
  readonly logIndex?: number | undefined;
  /** In place of the canonical body, bytes. */
  readonly body?: Uint8Array | undefined;
}

/** A transparency log as Rekor v1 looks from outside: a key, a running index, a promise and a proof for each entry. */
export interface TestLog extends TestBundleLog {
  readonly publicKeyPem: string;
  /** SHA-256 of the public key (DER), hex. */
  readonly id: string;
  /** Anyone may add an entry, also for a signature that is already in. */
  add(entry: TestLogEntry): TestRekorBundle;
  /** The same of an entry of any kind, by its canonical body. */
  enter(body: Uint8Array, entry?: Pick<TestLogEntry, 'time' | 'logIndex'>): TestRekorBundle;
}

const NAME = 'rekor.example.org';

/** `firstIndex` is that of the first entry. The key is made now and goes with the object. */
export function createTestLog({ firstIndex = 1000 }: { readonly firstIndex?: number } = {}): TestLog {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const { fingerprint: id } = parsePublicKey(Buffer.from(publicKeyPem), 'test log');
  const keyId = Buffer.from(id, 'hex');
  // Its tree is one of several shards: indexes there are not the running ones.
  const tree = createTestTree();
  let nextIndex = firstIndex;
  const enter: TestLog['enter'] = (body, { time = new Date(), logIndex = nextIndex } = {}) => {
    nextIndex = Math.max(nextIndex, logIndex + 1);
    tree.add(body);
    const Payload = {
      body: Buffer.from(body).toString('base64'),
      integratedTime: Math.floor(time.getTime() / 1000),
      logIndex,
      logID: id,
    };
    // The promise is over canonical JSON (RFC 8785): keys sorted by UTF-16 code units, so `logID` before `logIndex`.
    const promised = JSON.stringify(Payload, ['body', 'integratedTime', 'logID', 'logIndex']);
    return { SignedEntryTimestamp: sign('sha256', Buffer.from(promised), privateKey).toString('base64'), Payload };
  };
  const entry: TestLog['entry'] = (kindVersion, body, options) => {
    const { SignedEntryTimestamp, Payload } = enter(body, options);
    const origin = `${NAME} - 1193050959916656506`;
    return {
      ...withIndex(Payload.logIndex),
      logId: { keyId: keyId.toString('base64') },
      kindVersion: { ...kindVersion },
      integratedTime: String(Payload.integratedTime),
      inclusionPromise: { signedEntryTimestamp: SignedEntryTimestamp },
      inclusionProof: prove(tree, tree.size - 1, { origin, name: NAME, id: keyId, privateKey }),
      canonicalizedBody: Payload.body,
    };
  };
  return {
    version: 1,
    publicKeyPem,
    id,
    name: NAME,
    instance: instanceOf(NAME, keyId, publicKey.export({ type: 'spki', format: 'der' }), 'PKIX_ECDSA_P256_SHA_256'),
    enter,
    entry,
    add: ({ payload, signature, key, body, ...entry }) =>
      enter(body ?? Buffer.from(hashedRekordBody(payload, signature, key)), entry),
  };
}
