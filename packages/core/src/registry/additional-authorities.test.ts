import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { mediaTypes } from '../oci/descriptor.ts';
import { parseReference } from '../oci/reference.ts';
import { createTestCertificate } from '../testing/test-certificate.ts';
import { startTestRegistry } from '../testing/test-registry.ts';
import { requireCertificates } from './additional-authorities.ts';
import { openRegistry } from './open-registry.ts';

const reference = parseReference('registry.example.org/team/sandbox:latest');

async function resolveWith(tls: ReturnType<typeof createTestCertificate>, ca?: string): Promise<void> {
  await using registry = await startTestRegistry({ tls });
  registry.putManifest('team/sandbox', Buffer.from('{}'), mediaTypes.ociIndex, 'latest');
  await openRegistry({ origin: new URL(registry.origin), env: {}, ...(ca && { ca }) }).resolve(reference);
}

describe('ca', () => {
  it('trusts its certificates besides those that are trusted anyway, and no other', async () => {
    const [usual, added, third] = [createTestCertificate(), createTestCertificate(), createTestCertificate()];
    const before = getCACertificates('default');
    setDefaultCACertificates([...before, usual.cert]);
    try {
      await resolveWith(usual, added.cert);
      await resolveWith(added, added.cert);
      await resolveWith(third, added.cert + third.cert);
      const expected = { code: 'REGISTRY_UNREACHABLE', details: { reason: 'tls' } };
      await expect(resolveWith(third, added.cert)).rejects.toMatchObject(expected);
    } finally {
      setDefaultCACertificates(before);
    }
  });

  const { cert, key } = createTestCertificate();
  it.each([
    ['nothing', ''],
    ['text', 'certificate'],
    ['a private key', key],
    ['a key beside a certificate', cert + key],
    ['an unfinished one', cert + cert.slice(0, 200)],
    ['one that is none', cert.replace(/\n.{64}/, '\nAAAA')],
  ])('refuses %s before anything is contacted', (_name, pem) => {
    expect(() => requireCertificates(pem)).toThrow(expect.objectContaining({ code: 'USAGE' }));
    const open = () => openRegistry({ origin: new URL('https://registry.invalid'), env: {}, ca: pem });
    expect(open).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  it('takes several certificates with comments between them', () => {
    requireCertificates(`# ours\r\n${cert.replaceAll('\n', '\r\n')}\n# theirs\n${cert}`);
  });
});
