import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openSources } from '../registry/open-sources.ts';
import type { ContainerRuntime } from '../runtime/container-runtime.ts';
import { memoryRuntime } from '../testing/memory-runtime.ts';
import { publishTestImage } from '../testing/publish-test-image.ts';
import { buildTestImage, type TestImage } from '../testing/test-image.ts';
import { testProfile } from '../testing/test-profile.ts';
import { startTestRegistry, type TestRegistryOptions } from '../testing/test-registry.ts';
import { createTestSigner } from '../testing/test-signer.ts';
import { parsePublicKey } from '../trust/public-key.ts';
import { pinnedLog } from '../trust/transparency-log.ts';
import type { InstallContext, ProgressEvent } from './verb-context.ts';

/** A publisher on a loopback registry, and a machine whose engine is a memory: for the verbs' own rules. */
export async function createVerbWorld(
  runtimeOverrides: Partial<ContainerRuntime> = {},
  registryOptions: TestRegistryOptions = {},
) {
  const registry = await startTestRegistry(registryOptions);
  const folder = await mkdtemp(join(tmpdir(), 'verbs-'));
  onTestFinished(async () => {
    await registry.close();
    await rm(folder, { recursive: true, force: true });
  });
  const image = `${registry.host}/team/sandbox`;
  const signer = createTestSigner({ image });
  const log = pinnedLog(parsePublicKey(Buffer.from(signer.logPublicKeyPem), 'log'));
  const key = parsePublicKey(Buffer.from(signer.publicKeyPem), 'key');
  const profile = testProfile({ image, keys: [key], threshold: 1, logs: [log] });
  const runtime = memoryRuntime(runtimeOverrides);
  const events: ProgressEvent[] = [];
  const context: InstallContext = {
    profile,
    state: { path: join(folder, 'state') },
    runtime,
    source: openSources({ reference: { registry: registry.host }, env: {} }),
    report: (event) => events.push(event),
  };
  const publish = (release: TestImage, options: { unsigned?: boolean } = {}) =>
    publishTestImage(registry, 'team/sandbox', release, {
      tag: 'latest',
      signers: options.unsigned ? [] : [signer],
      signPlatforms: true,
    });
  const notices = () => events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
  return {
    registry,
    folder,
    image,
    signer,
    key,
    log,
    profile,
    runtime,
    events,
    notices,
    context,
    publish,
    stable: `${image}:latest`,
  };
}

/** A release of a month of 2026; a later month is a later release. */
export function release(month: number, seed = ''): TestImage {
  return buildTestImage({ created: new Date(Date.UTC(2026, month - 1, 1)), seed });
}
