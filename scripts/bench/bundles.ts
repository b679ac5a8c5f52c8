import { randomBytes } from 'node:crypto';
import {
  type Digest,
  digestOf,
  parsePublicKey,
  parseTrustedRoot,
  type Trust,
  verifySignatures,
} from '../../packages/core/dist/index.js';
import {
  bundleDocument,
  createTestAuthority,
  createTestSigner,
  createTestTileLog,
  createTestTimestampAuthority,
  githubJob,
  signatureStatement,
  signTestBundle,
  testTrustedRoot,
} from '../../packages/core/dist/testing/index.js';
import { atMost, type Row, type Table } from './figures.ts';
import { interleave } from './interleave.ts';

const ROUNDS = 40;
const BUNDLES = 50;
const TARGET_MS = 5;

/** How long one Sigstore bundle takes, in this process, with nothing left to load. */
export async function measureBundles(): Promise<Table> {
  const image = 'registry.example.org/team/sandbox';
  const signer = createTestSigner({ image });
  const job = githubJob();
  const [authority, stamper] = [createTestAuthority(), createTestTimestampAuthority()];
  // Proofs as long as in a log of a thousand entries.
  const [v1, v2] = [signer.log, createTestTileLog({ size: 1000 })];
  for (let other = 0; other < 1000; other += 1) v1.enter(randomBytes(100));
  const root = parseTrustedRoot(
    testTrustedRoot({ logs: [v1, v2], authority, timestampAuthorities: [stamper] }),
    'test',
  );
  const trust: Trust = {
    image,
    keys: [parsePublicKey(Buffer.from(signer.publicKeyPem), 'key')],
    dedicatedKeys: true,
    identities: [{ issuer: String(job.claims[8]), subject: job.signer }],
    threshold: 1,
    logs: root.logs,
    root,
  };
  const inV1 = () => ({ log: v1 });
  const inV2 = () => ({ log: v2, stamps: [{ authority: stamper, date: new Date() }] });
  const byKey = () => ({ privateKey: signer.privateKey });
  const byCertificate = () => authority.issue(job);
  const kinds = {
    'by key, Rekor v1': [byKey, inV1],
    'by key, Rekor v2 and a timestamp': [byKey, inV2],
    'by certificate, Rekor v1': [byCertificate, inV1],
    'by certificate, Rekor v2 and a timestamp': [byCertificate, inV2],
  } as const;
  const jobs = Object.entries(kinds).map(([name, [by, where]]) => {
    const signed = Array.from({ length: BUNDLES }, () => {
      const digest = digestOf(randomBytes(32));
      const bundle = signTestBundle({ content: { payload: signatureStatement(digest) }, by: by(), ...where() });
      return { digest, found: [bundleDocument(bundle)] };
    });
    return [
      name,
      async () => timeOfOne(signed, ({ found, digest }) => verifySignatures(found, digest, trust)),
    ] as const;
  });
  const samples = await interleave(Object.fromEntries(jobs), ROUNDS);
  return {
    title: 'Verification of one Sigstore bundle, one core',
    meaning: [
      'With all parsing and comparing: signature, promise or timestamp, inclusion proof and checkpoint, certificate chain with its log.',
      `${BUNDLES} different bundles in turn; keys and trusted root are parsed once. Lower is better.`,
    ],
    rows: Object.entries(samples).map(
      ([name, { least, median }]): Row => ({
        job: name,
        measured: `${least.toFixed(2)} ms, median ${median.toFixed(2)} ms`,
        target: atMost(TARGET_MS, least, ' ms'),
      }),
    ),
  };
}

interface Signed {
  readonly digest: Digest;
  readonly found: Parameters<typeof verifySignatures>[0];
}

function timeOfOne(signed: readonly Signed[], verify: (one: Signed) => unknown): number {
  const begin = performance.now();
  for (const one of signed) verify(one);
  return (performance.now() - begin) / signed.length;
}
