import type { TestAuthority } from './test-authority.ts';
import type { TestBundleLog } from './test-bundle-log.ts';
import type { TestTimestampAuthority } from './test-timestamp-authority.ts';

export interface TestTrustedRootOptions {
  readonly logs: readonly Pick<TestBundleLog, 'instance'>[];
  readonly authority?: Pick<TestAuthority, 'rootMembers'>;
  readonly timestampAuthorities?: readonly Pick<TestTimestampAuthority, 'instance'>[];
}

/** A trusted_root.json (protobuf-specs, sigstore_trustroot.proto) that trusts these and nobody else. */
export function testTrustedRoot({ logs, authority, timestampAuthorities }: TestTrustedRootOptions): Buffer {
  const root = {
    mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
    tlogs: logs.map(({ instance }) => instance),
    ...authority?.rootMembers,
    ...(timestampAuthorities && { timestampAuthorities: timestampAuthorities.map(({ instance }) => instance) }),
  };
  return Buffer.from(JSON.stringify(root));
}
