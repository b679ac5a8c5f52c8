// node verify.ts profile.json: is the image that this profile's tag points at now signed, as the profile demands?
import * as dangerzone from '@dangerzone-image/core';
import { openSources } from '@dangerzone-image/core/registry';

try {
  const profile = await dangerzone.loadProfile(process.argv[2]);
  const reference = dangerzone.parseReference(`${profile.image}:${profile.tag}`);
  const source = openSources({ reference, mirrors: profile.mirrors });
  const digest = await source.resolve(reference);

  // Index, manifest and config, each fetched by digest and hashed, and the signatures that count. No layer.
  const wanted = { platform: dangerzone.hostPlatform(), trust: profile.trust };
  const { chain, signed } = await dangerzone.fetchSignedChain(source, reference, digest, wanted);
  const image = dangerzone.verifyImage(profile.image, chain, signed);
  console.log(JSON.stringify({ image: `${image.name}@${image.digest}`, signatures: image.signed.verdicts }, null, 2));
} catch (error) {
  const code = dangerzone.codeOf(error) ?? 'INTERNAL';
  console.error(code, error instanceof Error ? error.message : error);
  process.exitCode = dangerzone.exitCodeOf(code);
}
