import { expect, it } from 'vitest';
import { writeBundles } from '../ledger/bundle-store.ts';
import { bundleDocument, signatureStatement, signTestBundle } from '../testing/test-bundle.ts';
import { upgrade } from './upgrade.ts';
import { createVerbWorld, release } from './verb-world.test-support.ts';
import { verifyLocal } from './verify-local.ts';

// Anybody can make another bundle of a good one: nothing signs its hint.
it('bad input 63: bundles that were offered from day to day do not shut out what is installed', async () => {
  const { context, profile, publish, signer } = await createVerbWorld();
  const image = release(1);
  publish(image);
  await upgrade(context);
  const bundle = signTestBundle({
    content: { payload: signatureStatement(image.digest) },
    by: signer,
    log: signer.log,
  });
  const variants = Array.from({ length: 50 }, (_, day) =>
    bundleDocument({
      ...bundle,
      verificationMaterial: { ...bundle.verificationMaterial, publicKey: { hint: `${day}` } },
    }),
  );
  await writeBundles(context.state, image.digest, variants);
  const dedicated = { ...profile, trust: { ...profile.trust, dedicatedKeys: true } };
  const { signatures } = await verifyLocal({ ...context, profile: dedicated });
  expect(signatures.map(({ verdict }) => verdict)).toEqual(Array(51).fill('accepted'));
});
