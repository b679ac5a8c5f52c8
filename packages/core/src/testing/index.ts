export { bundleManifest, publishBundles, referrersTag } from './bundle-manifest.ts';
export { GITHUB_ISSUER, generatorPredicate, githubJob, githubPredicate, type TestBuild } from './github-job.ts';
export { memoryRuntime } from './memory-runtime.ts';
export { memorySource } from './memory-source.ts';
export { publishLayout } from './publish-layout.ts';
export { type PublishedImage, type PublishOptions, publishTestImage } from './publish-test-image.ts';
export { describeRuntimeContract, type RuntimeUnderTest } from './runtime-contract.ts';
export { type PublishedSignature, publishSignatures, signatureManifest, signatureTag } from './signature-manifest.ts';
export {
  buildTestArchive,
  type TestArchiveForm,
  type TestArchiveOptions,
  type TestMember,
  testArchiveMembers,
  testTar,
} from './test-archive.ts';
export {
  attestationManifest,
  createTestAttester,
  publishAttestations,
  type TestAttester,
  type TestStatement,
} from './test-attester.ts';
export { createTestAuthority, type TestAuthority, type TestAuthorityOptions, type TestJob } from './test-authority.ts';
export {
  bundleDocument,
  signatureStatement,
  signTestBundle,
  type TestBundle,
  type TestBundleRequest,
} from './test-bundle.ts';
export {
  createTestTileLog,
  type TestBundleEntry,
  type TestBundleLog,
  type TestTileLogOptions,
} from './test-bundle-log.ts';
export { createTestCertificate, type TestCertificateOptions } from './test-certificate.ts';
export { createTestCertificateLog, type TestCertificateLog } from './test-certificate-log.ts';
export {
  buildTestImage,
  type TestContent,
  type TestDocument,
  type TestImage,
  type TestImageOptions,
  type TestPlatformImage,
} from './test-image.ts';
export { gzipOf, type TestFiles, tarOf } from './test-layer.ts';
export { createTestLog, type TestLog, type TestLogEntry, type TestRekorBundle } from './test-log.ts';
export { testProfile } from './test-profile.ts';
export { startHttpProxy, startSocksProxy, type TestProxy } from './test-proxy.ts';
export { startTestRegistry, type TestRegistry, type TestRegistryOptions } from './test-registry.ts';
export { endlessBody, type Fault, type FaultHook, type ReceivedRequest } from './test-registry-fault.ts';
export {
  createTestSigner,
  type SigningRequest,
  simpleSigningPayload,
  type TestSignature,
  type TestSigner,
  type TestSignerOptions,
} from './test-signer.ts';
export {
  createTestTimestampAuthority,
  type TestTimestampAuthority,
} from './test-timestamp-authority.ts';
export { type TestTrustedRootOptions, testTrustedRoot } from './test-trusted-root.ts';
export { verifiedTestImage } from './verified-test-image.ts';
