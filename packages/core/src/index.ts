export { DEFAULT_INTERVAL_HOURS, isCheckDue } from './decision/check-due.ts';
export { type Decision, decide, type Order, type Situation, type Updates } from './decision/decide.ts';
export { CodedError, codeOf } from './errors/coded-error.ts';
export { type ErrorCode, exitCodeOf, exitCodes } from './errors/error-code.ts';
export { escapeControls, printable } from './errors/printable.ts';
export {
  locateStateFolder,
  locateTrustedRoots,
  type StateFolder,
  type Surroundings,
} from './ledger/state-folder.ts';
export {
  countUpdates,
  moveNewestAside,
  type NewestUpdate,
  readNewestUpdate,
  type StoredUpdate,
  storeUpdate,
} from './ledger/trusted-root-store.ts';
export { type LockOptions, withLock } from './ledger/with-lock.ts';
export { isBundleMediaType } from './oci/bundle-media-type.ts';
export { type Descriptor, mediaTypes } from './oci/descriptor.ts';
export { type Digest, digestOf, hexOf, isDigest, parseDigest, shortDigest } from './oci/digest.ts';
export type { ImageConfig } from './oci/image-config.ts';
export { type ImageIndex, type ImageManifest, parseManifest } from './oci/manifest.ts';
export { parseJson } from './oci/parse-json.ts';
export { parseShape } from './oci/parse-shape.ts';
export { formatPlatform, hostPlatform, type Platform } from './oci/platform.ts';
export { formatReference, type ImageReference, parseReference } from './oci/reference.ts';
export { parseReferrer, type ReferrerManifest } from './oci/referrer-manifest.ts';
export { type FetchedRoot, findPublicRoot, type PublicRootOptions } from './profile/find-public-root.ts';
export { type LoadProfileOptions, loadProfile, withPublicRoot } from './profile/load-profile.ts';
export type { Profile } from './profile/profile.ts';
export { type GuardedFile, readGuardedFile } from './profile/read-guarded-file.ts';
export type { CosignPlace } from './registry/cosign-manifest.ts';
export { bundleLimits, findBundles } from './registry/find-bundles.ts';
export { findCosignAttestations } from './registry/find-cosign-attestations.ts';
export { findCosignSignatures } from './registry/find-cosign-signatures.ts';
export type {
  ContainerRuntime,
  CreateRuntime,
  InfoOptions,
  LocalImage,
  RuntimeInfo,
  RuntimeOptions,
  StagedImage,
  TransferOptions,
} from './runtime/container-runtime.ts';
export { findProgram } from './runtime/find-program.ts';
export { guardRuntime } from './runtime/guard-runtime.ts';
export { type LayoutFile, type OciTarOptions, ociLayout, ociTar } from './runtime/oci-tar.ts';
export { isZero, readTarHeader, TAR_BLOCK, type TarHeader } from './runtime/read-tar-header.ts';
export { tarEnd, tarHeader, tarPadding } from './runtime/tar-header.ts';
export { createVerifiedStream, type VerifiedStream } from './runtime/verified-stream.ts';
export { type BlobCacheOptions, type CachedSource, cachedSource } from './source/blob-cache.ts';
export { fetchSignedChain } from './source/fetch-image.ts';
export { fillPart } from './source/fill-part.ts';
export { type ImageArchive, type ProveOptions, platformHeld } from './source/image-archive.ts';
export type { ContentOrigin, FetchOptions, ImageSource, SourceOptions, WantedContent } from './source/image-source.ts';
export { limitParallel } from './source/limit-parallel.ts';
export { originsOf } from './source/origins-of.ts';
export type { PartFile } from './source/part-file.ts';
export { readStretch, type SeekableFile } from './source/read-stretch.ts';
export { sourceChain } from './source/source-chain.ts';
export { parsePublicKey, type TrustedKey } from './trust/public-key.ts';
export { builtInPublicRoot, namePublicRoot, type PublicRoot } from './trust/public-root.ts';
export { pinnedLog, type TransparencyLog } from './trust/transparency-log.ts';
export type { Trust } from './trust/trust.ts';
export type { CertificateIdentity, TrustedIdentity } from './trust/trusted-identity.ts';
export { builtInTrustedRoot, parseTrustedRoot, type TrustedRoot } from './trust/trusted-root.ts';
export { type ArchiveContext, type ProvenRoot, type ProveRoot, withArchivedRoot } from './verbs/archived-root.ts';
export { type AttestOptions, attestInstalled, attestProvenance } from './verbs/attest-provenance.ts';
export { type AutoOptions, auto } from './verbs/auto.ts';
export type { AutoContext } from './verbs/bundled-archive.ts';
export { check } from './verbs/check.ts';
export { type FetchedBundles, type FetchedRelease, fetchReleases } from './verbs/fetch-releases.ts';
export type { ProvenanceContext } from './verbs/find-provenance.ts';
export { history } from './verbs/history.ts';
export { type InspectContext, inspectArchive } from './verbs/inspect-archive.ts';
export { factsOf } from './verbs/installed-image.ts';
export { type LoadContext, loadArchive, planLoad } from './verbs/load-archive.ts';
export { pin, unpin } from './verbs/pin.ts';
export { planUpgrade } from './verbs/plan-upgrade.ts';
export { rememberedRuntime } from './verbs/remembered-runtime.ts';
export type * from './verbs/results.ts';
export { setUpdates, showUpdates, type UpdatesOptions } from './verbs/set-updates.ts';
export { type RepairContext, type RepairOptions, repairState } from './verbs/state-repair.ts';
export { type ResetOptions, resetState } from './verbs/state-reset.ts';
export type * from './verbs/state-results.ts';
export { type StateSession, withState } from './verbs/state-session.ts';
export { showState } from './verbs/state-show.ts';
export { status } from './verbs/status.ts';
export { type StoreSignaturesOptions, storeSignatures } from './verbs/store-signatures.ts';
export { exportTrust, type TrustExportResult } from './verbs/trust-export.ts';
export { type AuthorityFacts, showTrust, type TrustShowContext, type TrustShowResult } from './verbs/trust-show.ts';
export { type UpgradeOptions, upgrade } from './verbs/upgrade.ts';
export {
  type InstallContext,
  type LocalContext,
  type OnlineContext,
  type ProgressEvent,
  type Road,
  type Step,
  steps,
  type VerbContext,
} from './verbs/verb-context.ts';
export { type VerifyLocalOptions, verifyLocal } from './verbs/verify-local.ts';
export type { BundleDocument } from './verify/bundle-document.ts';
export type { FoundSignature } from './verify/found-signature.ts';
export type { LegacyAttestation } from './verify/legacy-attestation.ts';
export type { LegacySignature } from './verify/legacy-signature.ts';
export {
  type AcceptedSignature,
  type LogEntry,
  type RefusalReason,
  type RefusedSignature,
  refusalReasons,
  type SignatureVerdict,
} from './verify/signature-verdict.ts';
export { type ImageChain, linkChain, type VerifiedImage, verifyImage } from './verify/verified-image.ts';
export {
  type AttestationVerdicts,
  type FoundAttestation,
  type RefusedAttestation,
  verifyAttestations,
} from './verify/verify-attestations.ts';
export { type VerifiedArtifact, verifyBundle } from './verify/verify-bundle.ts';
export { type SignedDigest, verifySignatures } from './verify/verify-signatures.ts';
