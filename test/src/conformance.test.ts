import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const fixtures = join(import.meta.dirname, '../../../shared/fixtures/sigstore-bundles');
const client = join(import.meta.dirname, '../conformance/client.ts');
const hasFixtures = existsSync(fixtures);
if (!hasFixtures) console.warn('Skipped: the conformance cases are not there (../shared/fixtures/sigstore-bundles).');

const IDENTITY =
  'https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main';
const ISSUER = 'https://token.actions.githubusercontent.com';

function argumentsOf(folder: string): string[] {
  const inFolder = (name: string) => join(fixtures, folder, name);
  const optional = (flag: string, name: string) => (existsSync(inFolder(name)) ? [flag, inFolder(name)] : []);
  const text = (name: string, fallback: string) =>
    existsSync(inFolder(name)) ? readFileSync(inFolder(name), 'utf8').trim() : fallback;
  const identity = [
    ...['--certificate-identity', text('identity', IDENTITY)],
    ...['--certificate-oidc-issuer', text('issuer', ISSUER)],
  ];
  return [
    ...['--bundle', inFolder('bundle.sigstore.json')],
    ...(existsSync(inFolder('key.pub')) ? ['--key', inFolder('key.pub')] : identity),
    ...optional('--trusted-root', 'trusted_root.json'),
    existsSync(inFolder('artifact')) ? inFolder('artifact') : join(fixtures, 'a.txt'),
  ];
}

async function run(...args: string[]): Promise<{ readonly code: number; readonly stderr: string }> {
  const ran = promisify(execFile)(process.execPath, [client, ...args]);
  return ran.then(
    ({ stderr }) => ({ code: 0, stderr }),
    ({ code, stderr }) => ({ code, stderr }),
  );
}

/** What is wrong in each case, by our own account: a case that is refused for another reason proves nothing. */
const REASONS: Readonly<Record<string, RegExp>> = {
  'bundle-empty-certificate-chain_fail': /certificates": expected a certificate/,
  'bundle-malformed-json_fail': /not JSON/,
  'bundle-with-root-cert_fail': /root certificate/,
  'checkpoint-wrong-roothash_fail': /another tree than its checkpoint/,
  'dsse-mismatch-sig_fail': /entry is not about this key, signature and payload/,
  'inclusion-proof-corrupted-hash_fail': /not proven to be in the log/,
  'intoto-expired-certificate_fail': /certificate does not hold/,
  'intoto-set-outside-signing-cert-validity_fail': /certificate does not hold/,
  'invalid-checkpoint-signature_fail': /not proven to be in the log/,
  'managed-key-wrong-key_fail': /key .* is not canonical base64/,
  'rekor2-checkpoint-missing-log-signature_fail': /checkpoint is not signed by the log/,
  'rekor2-checkpoint-missing-size_fail': /another tree than its checkpoint/,
  'rekor2-dsse-mismatch-sig_fail': /entry is not about this key, signature and payload/,
  'rekor2-no-timestamp_fail': /nothing that is trusted tells when the certificate was used/,
  'rekor2-timestamp-payload-mismatch_fail': /one timestamp does not hold/,
  'trust-root-tlog-missing-validity-start_fail': /validFor.start": expected/,
  'wrong-hashedrekord-artifact_fail': /entry is not about this key, signature and payload/,
  'wrong-material_fail': /other bytes/,
};

describe.skipIf(!hasFixtures)('the Sigstore conformance cases, through their own command line protocol', () => {
  const folders = hasFixtures ? readdirSync(fixtures, { withFileTypes: true }).filter((one) => one.isDirectory()) : [];

  it.each(folders.map(({ name }) => name))('%s', async (folder) => {
    const { code, stderr } = await run('verify-bundle', ...argumentsOf(folder));
    expect(stderr).toMatch(folder.endsWith('_fail') ? (REASONS[folder] ?? /a reason is missing here/) : /^$/);
    expect(code).toBe(folder.endsWith('_fail') ? 1 : 0);
  });

  it.each([['sign-bundle'], ['verify-bundle', '--staging', '--bundle', 'x', '--key', 'x', 'x']])(
    'answers "not supported" to %s',
    async (...args) => {
      expect(await run(...args)).toMatchObject({ code: 1, stderr: expect.stringMatching(/^not supported: /) });
    },
  );
});
