import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PublishedSignature } from '@dangerzone-image/core/testing';

/** Signatures that others published, where this machine has them beside the repository. */
const fixtures = join(import.meta.dirname, '..', '..', '..', 'shared', 'fixtures');
export const areFixturesHere = existsSync(fixtures);
if (!areFixturesHere)
  console.warn('skipped: the signatures of other publishers are not beside this repository (../shared/fixtures)');

export interface RealSignatures {
  readonly title: string;
  readonly image: string;
  readonly digest: `sha256:${string}`;
  readonly signatures: readonly PublishedSignature[];
  /** The array as `cosign download signature` prints it. */
  readonly file: Buffer;
}

export const fixture = (...path: string[]): string => join(fixtures, ...path);

/** Nine production signatures of the Dangerzone sandbox: three releases of an index and two manifests. */
export function productionSignatures(): RealSignatures[] {
  const root = fixture('dangerzone-releases');
  const releases = areFixturesHere ? readdirSync(root).filter((name) => /^\d/.test(name)) : [];
  return releases.flatMap((release) =>
    readdirSync(join(root, release)).map((hex) => {
      const { layers } = JSON.parse(readFileSync(join(root, release, hex, 'MANIFEST'), 'utf8'));
      const payload = readFileSync(join(root, release, hex, 'PAYLOAD_BLOB'));
      const signatures = layers.map(({ annotations }: { annotations: Record<string, string> }) => ({
        payload,
        signature: annotations['dev.cosignproject.cosign/signature'],
        bundle: JSON.parse(annotations['dev.sigstore.cosign/bundle'] ?? 'null'),
      }));
      return {
        title: `${release} ${hex.slice(0, 8)}`,
        image: 'ghcr.io/freedomofpress/dangerzone/v1',
        digest: `sha256:${hex}` as const,
        signatures,
        file: asStored(signatures),
      };
    }),
  );
}

/** Signatures made with Dangerzone's test key: `valid`, `tampered` or `invalid`. */
export function testKeySignatures(kind: 'valid' | 'tampered' | 'invalid'): RealSignatures[] {
  const root = fixture('dangerzone-signatures', kind);
  const folder = areFixturesHere ? join(root, readdirSync(root)[0] ?? '') : undefined;
  return (folder ? readdirSync(folder) : []).map((name) => {
    const file = readFileSync(join(folder ?? '', name));
    const entries: Record<string, never>[] = JSON.parse(file.toString());
    const signatures = entries.map(({ Payload = '', Base64Signature = '', Bundle }) => ({
      payload: Buffer.from(Payload, 'base64'),
      signature: Base64Signature,
      bundle: Bundle,
    }));
    const digest = `sha256:${name.replace('.json', '')}` as const;
    const owner = /ghcr\.io\/(apyrgio)\//.exec(signatures[0]?.payload.toString() ?? '')?.[1] ?? 'almet';
    return {
      title: `${kind} ${name.slice(0, 8)}`,
      image: `ghcr.io/${owner}/dangerzone/dangerzone`,
      digest,
      signatures,
      file,
    };
  });
}

function asStored(signatures: readonly PublishedSignature[]): Buffer {
  const entries = signatures.map(({ payload, signature, bundle }) => ({
    Base64Signature: signature,
    Payload: Buffer.from(payload).toString('base64'),
    Cert: null,
    Chain: null,
    Bundle: bundle,
    RFC3161Timestamp: null,
  }));
  return Buffer.from(JSON.stringify(entries));
}
