import { type Digest, digestOf } from '../oci/digest.ts';
import { createTestAuthority, type TestJob } from '../testing/test-authority.ts';
import { bundleDocument, signatureStatement, signTestBundle, type TestBundle } from '../testing/test-bundle.ts';
import { createTestTileLog, type TestBundleLog } from '../testing/test-bundle-log.ts';
import { createTestLog } from '../testing/test-log.ts';
import { createTestSigner } from '../testing/test-signer.ts';
import { createTestTimestampAuthority } from '../testing/test-timestamp-authority.ts';
import { testTrustedRoot } from '../testing/test-trusted-root.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import type { Trust } from '../trust/trust.ts';
import { parseTrustedRoot } from '../trust/trusted-root.ts';
import { acceptBundleSignature } from './accept-bundle-signature.ts';
import type { BundleDocument } from './bundle-document.ts';
import { type AcceptedSignature, SignatureRefusal } from './signature-verdict.ts';

export const image = 'registry.example.org/team/sandbox';
export const time = new Date('2026-07-29T10:00:00Z');
export const documentOfImage = Buffer.from('{"the":"manifest"}');
export const digest = digestOf(documentOfImage);

export const signer = createTestSigner({ image });
export const key = parsePublicKey(Buffer.from(signer.publicKeyPem), 'of the test');
export const ourKey = { privateKey: signer.privateKey };
export const theirKey = { privateKey: createTestSigner({ image }).privateKey };
export const v1 = createTestLog();
for (const other of ['of others', 'before ours', 'in the log']) v1.enter(Buffer.from(other));
export const v2 = createTestTileLog();
export const stamper = createTestTimestampAuthority();
export const authority = createTestAuthority();

export const identity = {
  issuer: 'https://token.actions.githubusercontent.com',
  subject: 'https://github.com/acme/sandbox/.github/workflows/release.yml@refs/tags/v1',
};
export const job: TestJob = {
  signer: identity.subject,
  claims: { 1: identity.issuer, 8: identity.issuer },
  notBefore: new Date(time.getTime() - 60_000),
  notAfter: new Date(time.getTime() + 540_000),
};

export function trustIn(root: Buffer): Trust {
  const parsed = parseTrustedRoot(root, 'of the test');
  return {
    image,
    keys: [key],
    dedicatedKeys: true,
    identities: [identity],
    threshold: 1,
    logs: parsed.logs,
    root: parsed,
  };
}
export const rootMembers = { logs: [v1, v2], authority, timestampAuthorities: [stamper] };
export const trust = trustIn(testTrustedRoot(rootMembers));

const stamps = [{ authority: stamper, date: time }];

/** By our key, about our image, logged in the first version of Rekor; each part may be another. */
export function byKey(request: Partial<Parameters<typeof signTestBundle>[0]> = {}): TestBundle {
  return signTestBundle({ content: { payload: signatureStatement(digest) }, by: ourKey, log: v1, time, ...request });
}

/** The same by a certificate; `its` says in what it differs from a good one. */
export function byCertificate(
  its: Partial<TestJob> = {},
  request: Partial<Parameters<typeof signTestBundle>[0]> = {},
): TestBundle {
  return byKey({ by: authority.issue({ ...job, ...its }), ...request });
}

/** In the second version of Rekor, with a timestamp. */
export const inV2 = (log: TestBundleLog = v2) => ({ log, stamps });

/** A copy in which something was changed after all was signed. */
export function changed(bundle: TestBundle, change: (copy: TestBundle) => void): TestBundle {
  const copy = structuredClone(bundle);
  change(copy);
  return copy;
}

export function accept(
  found: TestBundle | BundleDocument,
  its: Partial<Trust> = {},
  of: Digest = digest,
): AcceptedSignature {
  const document = 'bytes' in found ? found : bundleDocument(found);
  return acceptBundleSignature(document, of, { ...trust, ...its }, documentOfImage);
}

/** `accepted`, or the reason of the refusal. Anything else thrown is a bug of ours. */
export function outcome(found: TestBundle | BundleDocument, its: Partial<Trust> = {}, of: Digest = digest): string {
  try {
    return accept(found, its, of).verdict;
  } catch (error) {
    if (error instanceof SignatureRefusal) return error.reason;
    throw error;
  }
}
