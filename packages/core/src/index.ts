export { CodedError, codeOf } from './errors/coded-error.ts';
export { type ErrorCode, exitCodeOf, exitCodes } from './errors/error-code.ts';
export { escapeControls, printable } from './errors/printable.ts';
export { locateStateFolder, type StateFolder, type Surroundings } from './ledger/state-folder.ts';
export { type Descriptor, mediaTypes } from './oci/descriptor.ts';
export { type Digest, digestOf, hexOf, isDigest, parseDigest, shortDigest } from './oci/digest.ts';
export type { ImageConfig } from './oci/image-config.ts';
export { type ImageIndex, type ImageManifest, parseManifest } from './oci/manifest.ts';
export { parseJson } from './oci/parse-json.ts';
export { parseShape } from './oci/parse-shape.ts';
export { formatPlatform, hostPlatform, type Platform } from './oci/platform.ts';
export { formatReference, type ImageReference, parseReference } from './oci/reference.ts';
export { loadProfile } from './profile/load-profile.ts';
export type { Profile } from './profile/profile.ts';
export { type GuardedFile, readGuardedFile } from './profile/read-guarded-file.ts';
export { findCosignSignatures } from './registry/find-cosign-signatures.ts';
export type {
  ContainerRuntime,
  CreateRuntime,
  InfoOptions,
  LocalImage,
  RuntimeInfo,
  RuntimeOptions,
  TransferOptions,
} from './runtime/container-runtime.ts';
export { findProgram } from './runtime/find-program.ts';
export { guardRuntime } from './runtime/guard-runtime.ts';
export { type LayoutFile, type OciTarOptions, ociLayout, ociTar } from './runtime/oci-tar.ts';
export { tarEnd, tarHeader, tarPadding } from './runtime/tar-header.ts';
export { createVerifiedStream, type VerifiedStream } from './runtime/verified-stream.ts';
export { type BlobCacheOptions, type CachedSource, cachedSource } from './source/blob-cache.ts';
export { fetchSignedChain } from './source/fetch-image.ts';
export { fillPart } from './source/fill-part.ts';
export type { ImageArchive, ProveOptions } from './source/image-archive.ts';
export type { ContentOrigin, ImageSource, SourceOptions, WantedContent } from './source/image-source.ts';
export { limitParallel } from './source/limit-parallel.ts';
export { originsOf } from './source/origins-of.ts';
export type { PartFile } from './source/part-file.ts';
export { sourceChain } from './source/source-chain.ts';
export { parsePublicKey, type TrustedKey } from './trust/public-key.ts';
export { pinnedLog, type TransparencyLog } from './trust/transparency-log.ts';
export type { Trust } from './trust/trust.ts';
export { parseTrustedRoot, publicTransparencyLogs } from './trust/trusted-root.ts';
export { check } from './verbs/check.ts';
export { type FetchedRelease, fetchReleases } from './verbs/fetch-releases.ts';
export { type InspectContext, inspectArchive } from './verbs/inspect-archive.ts';
export { factsOf } from './verbs/installed-image.ts';
export { type LoadContext, loadArchive, planLoad } from './verbs/load-archive.ts';
export { planUpgrade } from './verbs/plan-upgrade.ts';
export { rememberedRuntime } from './verbs/remembered-runtime.ts';
export type * from './verbs/results.ts';
export { type RepairContext, type RepairOptions, repairState } from './verbs/state-repair.ts';
export { type ResetOptions, resetState } from './verbs/state-reset.ts';
export type * from './verbs/state-results.ts';
export { type StateSession, withState } from './verbs/state-session.ts';
export { showState } from './verbs/state-show.ts';
export { status } from './verbs/status.ts';
export { type StoreSignaturesOptions, storeSignatures } from './verbs/store-signatures.ts';
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
export { type SignedDigest, verifySignatures } from './verify/verify-signatures.ts';
