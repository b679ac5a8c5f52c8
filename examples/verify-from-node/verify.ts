// node verify.ts profile.json: is the image that this profile's tag points at now signed, as the profile demands?
import * as dangerzone from '@dangerzone-image/core';
import { openSources } from '@dangerzone-image/core/registry';

try {
  const profile = await dangerzone.loadProfile(process.argv[2]);
  const reference = dangerzone.parseReference(`${profile.image}:${profile.tag}`);
  const source = openSources({ reference, mirrors: profile.mirrors });
  const digest = await source.resolve(reference);

  // Index, manifest and config, each fetched by digest and hashed; then the signatures over the first of them. No layer.
  const chain = await dangerzone.fetchChain(source, reference, digest, dangerzone.hostPlatform());
  const signed = await dangerzone.findSigned(source, reference, chain, profile.trust);
  const image = dangerzone.verifyImage(profile.image, chain, signed);
  console.log(JSON.stringify({ image: `${image.name}@${image.digest}`, signatures: image.signed.verdicts }, null, 2));
} catch (error) {
  const code = dangerzone.codeOf(error) ?? 'INTERNAL';
  console.error(code, error instanceof Error ? error.message : error);
  process.exitCode = dangerzone.exitCodeOf(code);
}
