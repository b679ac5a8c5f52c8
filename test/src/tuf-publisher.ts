import { createPublicKey } from 'node:crypto';
import { createRequire } from 'node:module';
import { builtInPublicRoot } from '@dangerzone-image/core';
import type { TestSigner } from '@dangerzone-image/core/testing';
import {
  createTestRepository,
  type ServedRepository,
  type ServeOptions,
  serveRepository,
  type TestRepository,
} from '@dangerzone-image/tuf/testing';

/** Where Sigstore publishes. */
export const SIGSTORE = 'https://tuf-repo-cdn.sigstore.dev';

/** Sigstore as it could be tomorrow: its TUF repository, with keys of ours, on loopback. */
export interface TufPublisher extends AsyncDisposable {
  readonly repository: TestRepository;
  readonly served: ServedRepository;
  /** For the built CLI: the same code, with this repository's root and address in place of Sigstore's. */
  readonly env: Readonly<Record<string, string>>;
}

export async function startTufPublisher(options?: ServeOptions): Promise<TufPublisher> {
  const repository = createTestRepository();
  const served = await serveRepository(repository.files, options);
  return {
    repository,
    served,
    env: { NODE_OPTIONS: `--import=${standIn({ root: repository.initialRoot, origin: served.origin })}` },
    [Symbol.asyncDispose]: () => served.close(),
  };
}

/** Turns two constants as the file is loaded. There is no option for the root, and none may ever be. */
function standIn({ root, origin }: { readonly root: Buffer; readonly origin: string }): string {
  const seeds: Record<string, { 'root.json': string }> = createRequire(import.meta.url)('@sigstore/tuf/seeds.json');
  const shipped = seeds[SIGSTORE]?.['root.json'] ?? '';
  const script = `import { registerHooks } from 'node:module';
    registerHooks({ load(url, context, next) {
      const loaded = next(url, context);
      if (!url.includes('/tuf/dist/')) return loaded;
      const source = String(loaded.source).replaceAll('${shipped}', '${root.toString('base64')}');
      return { ...loaded, source: source.replaceAll('${SIGSTORE}', '${origin}') };
    } });`;
  return `data:text/javascript;base64,${Buffer.from(script).toString('base64')}`;
}

/** The public trusted root, with the log of a signer besides. */
export function trustedRootWith({ logId, logPublicKeyPem }: Pick<TestSigner, 'logId' | 'logPublicKeyPem'>): Buffer {
  const root = JSON.parse(Buffer.from(builtInPublicRoot().bytes).toString());
  const log = {
    baseUrl: 'https://log.example.org',
    hashAlgorithm: 'SHA2_256',
    publicKey: {
      rawBytes: createPublicKey(logPublicKeyPem).export({ type: 'spki', format: 'der' }).toString('base64'),
      keyDetails: 'PKIX_ECDSA_P256_SHA_256',
      validFor: { start: '2021-01-01T00:00:00Z' },
    },
    logId: { keyId: Buffer.from(logId, 'hex').toString('base64') },
  };
  return Buffer.from(JSON.stringify({ ...root, tlogs: [...root.tlogs, log] }));
}
