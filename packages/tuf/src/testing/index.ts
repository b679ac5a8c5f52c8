export { type ServedRepository, type ServeOptions, serveRepository } from './serve-repository.ts';
export {
  createTestKey,
  createTestRepository,
  signMetadata,
  type TestKey,
  type TestRepository,
} from './test-repository.ts';
