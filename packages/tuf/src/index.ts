export { type ReadOptions, readUpdatedTrustedRoot, type UpdatedTrustedRoot } from './stored-trusted-root.ts';
export { proveTravelledRoot, type TravelledOptions } from './travelled-trusted-root.ts';
export type { ReadTufFile, TufFiles } from './tuf-files.ts';
export {
  PUBLIC_REPOSITORY,
  type TrustUpdateResult,
  type UpdateOptions,
  updateTrustedRoot,
} from './update-trusted-root.ts';
export { type ChainOptions, type Expiry, type Role, type VerifiedChain, verifyChain } from './verify-chain.ts';
