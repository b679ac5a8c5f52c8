import { generateKeyPairSync } from 'node:crypto';
import type { Digest } from '../oci/digest.ts';
import { githubJob, githubPredicate, type TestBuild } from '../testing/github-job.ts';
import { createTestAttester, publishAttestations } from '../testing/test-attester.ts';
import { createTestLog } from '../testing/test-log.ts';
import type { TestRegistryOptions } from '../testing/test-registry.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import { pinnedLog } from '../trust/transparency-log.ts';
import { parseTrustedRoot } from '../trust/trusted-root.ts';
import { createVerbWorld } from './verb-world.test-support.ts';

/** A profile that expects provenance of `acme/sandbox`, on an image that is signed as the profile says. */
export async function createProvenanceWorld(required: boolean, registryOptions: TestRegistryOptions = {}) {
  const world = await createVerbWorld({}, registryOptions);
  const log = createTestLog();
  const attester = createTestAttester(log);
  const publisher = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = parsePublicKey(Buffer.from(publisher.publicKey.export({ type: 'spki', format: 'pem' })), 'of the test');
  const { trust } = world.profile;
  const profile = {
    ...world.profile,
    trust: {
      ...trust,
      keys: [...trust.keys, key],
      logs: [...trust.logs, pinnedLog(parsePublicKey(Buffer.from(log.publicKeyPem), 'log'))],
      root: parseTrustedRoot(attester.trustedRoot, 'of the test'),
    },
    provenance: { repository: 'acme/sandbox', required },
  };
  const attest = (digest: Digest, build: TestBuild = {}, byKey = false) =>
    publishAttestations(world.registry, 'team/sandbox', digest, [
      attester.attest({
        digest,
        predicateType: 'https://slsa.dev/provenance/v1',
        predicate: githubPredicate(build),
        signer: byKey ? publisher.privateKey : githubJob(build),
      }),
    ]);
  return { ...world, context: { ...world.context, profile }, attest, fingerprint: key.fingerprint };
}
