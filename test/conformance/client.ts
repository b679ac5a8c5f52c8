// The public Sigstore conformance suite's command line protocol (sigstore-conformance, docs/cli_protocol.md), for this
// project's own verification: exit code 0 for "verified", another for everything else. Nothing here signs.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { builtInTrustedRoot, isDigest, parsePublicKey, parseTrustedRoot, verifyBundle } from '@dangerzone-image/core';

const USAGE =
  'usage: verify-bundle --bundle FILE (--certificate-identity ID --certificate-oidc-issuer URL | --key PEM) [--trusted-root FILE] FILE_OR_DIGEST';

async function verify(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      bundle: { type: 'string' },
      'certificate-identity': { type: 'string' },
      'certificate-oidc-issuer': { type: 'string' },
      key: { type: 'string' },
      'trusted-root': { type: 'string' },
      staging: { type: 'boolean' },
    },
  });
  const { bundle, key, 'certificate-identity': subject, 'certificate-oidc-issuer': issuer } = values;
  const [artifact, ...more] = positionals;
  if (values.staging) throw new Error('not supported: --staging');
  if (!bundle || !artifact || more.length > 0 || (!key && !(subject && issuer))) throw new Error(USAGE);
  const rootFile = values['trusted-root'];
  const root = rootFile ? parseTrustedRoot(await readFile(rootFile), rootFile) : builtInTrustedRoot();
  verifyBundle(await readFile(bundle), isDigest(artifact) ? artifact : await readFile(artifact), {
    keys: key ? [parsePublicKey(await readFile(key), key)] : [],
    identities: !key && subject && issuer ? [{ issuer, subject }] : [],
    logs: root.logs,
    root,
  });
}

const [verb, ...args] = process.argv.slice(2);
try {
  if (verb !== 'verify-bundle') throw new Error(`not supported: ${verb ?? 'no verb'}`);
  await verify(args);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
