import { codeOf } from '@dangerzone-image/core';
import { expect } from 'vitest';
import { createTestRepository, type TestRepository } from './testing/test-repository.ts';
import { readFrom, type TufFiles } from './tuf-files.ts';
import { type ChainOptions, verifyChain } from './verify-chain.ts';

export const now = new Date('2026-10-01T00:00:00Z');
export const yesterday = new Date('2026-09-30T00:00:00Z');
export const [first, second] = [Buffer.from('{"trusted":"root 1"}'), Buffer.from('{"trusted":"root 2"}')];

export function published(options: Parameters<TestRepository['publish']>[1] = {}): TestRepository {
  const repository = createTestRepository({ now });
  repository.publish(first, options);
  return repository;
}

export function verify(
  { initialRoot, files }: { readonly initialRoot: Uint8Array; readonly files: TufFiles },
  options: Partial<ChainOptions> = {},
) {
  return verifyChain({ initialRoot, read: readFrom(files), now, expiry: 'enforced', ...options });
}

/** What a client that was here at this moment keeps. */
export async function filesOf(repository: TestRepository): Promise<TufFiles> {
  return (await verify(repository)).files;
}

/** Why it was refused; nothing where it was not. */
export async function refusalOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work;
    return undefined;
  } catch (error) {
    expect(codeOf(error)).toBe('TRUSTED_ROOT_REFUSED');
    return (error as { details: { reason: string } }).details.reason;
  }
}
