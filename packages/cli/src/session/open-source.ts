import type { ImageReference, ImageSource, Profile, Road } from '@dangerzone-image/core';
import { CodedError } from '@dangerzone-image/core/errors';
import type { SourcesOptions } from '@dangerzone-image/core/registry';
import type { VerbOptions } from '../options/verb-options.ts';
import { homeFolder } from './home-folder.ts';
import { runHelper } from './run-helper.ts';
import type { Surroundings } from './surroundings.ts';

const MAX_CA_BYTES = 4 * 1024 * 1024;

/**
 * Where the profile's image is read from, by way of what the user set: mirrors, authorities, proxies, log-ins. Another
 * image is in another place: the mirrors of the profile are not for it.
 */
export async function openSource(
  { options, env }: Surroundings,
  profile: Profile,
  image?: ImageReference,
): Promise<ImageSource> {
  const { parseReference } = await import('@dangerzone-image/core');
  const { openSources } = await import('@dangerzone-image/core/registry');
  const reference = image ?? parseReference(profile.image);
  const { mirrors = reference.name === profile.image ? profile.mirrors : [], mirrorOnly } = options;
  return openSources({
    reference,
    mirrors,
    mirrorOnly,
    env,
    ...(await transportOptions(options)),
    ...logIns(options, profile),
  });
}

/** What the user set of how the network is reached, proxies apart: those are in the environment. */
export async function transportOptions({
  timeoutMs,
  caFile,
}: Pick<VerbOptions, 'timeoutMs' | 'caFile'>): Promise<{ readonly timeoutMs?: number; readonly ca?: string }> {
  const { readGuardedFile } = await import('@dangerzone-image/core');
  const ca = caFile && (await readGuardedFile(caFile, { limit: MAX_CA_BYTES, what: 'authorities', code: 'USAGE' }));
  return { ...(timeoutMs !== undefined && { timeoutMs }), ...(ca && { ca: ca.toString('latin1') }) };
}

/** The built-in profile's image is public: no log-in is ever looked for, so that none can leak. */
function logIns({ authFile, credentialRealms }: VerbOptions, profile: Profile): Partial<SourcesOptions> {
  if (profile.isBuiltIn && authFile?.origin === 'flag') {
    throw new CodedError('USAGE', 'expected no --auth-file: the built-in profile is read without a log-in', {
      suggestions: ['Leave out --auth-file, or give a --profile of your own.'],
    });
  }
  if (profile.isBuiltIn) return {};
  return {
    readCredentials: true,
    home: homeFolder(),
    runHelper,
    ...(authFile && { authFile: authFile.value }),
    ...(credentialRealms && { credentialRealms }),
  };
}

/**
 * An engine that pulls goes to the image's own registry by its own settings: what was asked of us would silently be
 * passed by, a proxy above all.
 */
export async function requireOwnRoad(via: Road | undefined, { options, env }: Surroundings, profile: Profile) {
  if (via !== 'pull') return;
  const { mirrors = profile.mirrors, caFile, authFile } = options;
  const { parseReference } = await import('@dangerzone-image/core');
  const { chooseProxy, registryOrigin } = await import('@dangerzone-image/core/registry');
  const proxy = chooseProxy(registryOrigin(parseReference(profile.image).registry), env);
  const passedBy = [
    ...(mirrors.length > 0 ? ['the mirrors'] : []),
    ...(caFile ? ['--ca-file'] : []),
    ...(authFile ? ['--auth-file'] : []),
    ...(proxy ? [`the proxy ${proxy.location}`] : []),
  ];
  if (passedBy.length === 0) return;
  throw new CodedError(
    'USAGE',
    `with --via pull the engine fetches by itself, and knows nothing of ${passedBy.join(', ')}`,
    { suggestions: ['Leave out --via pull: then everything is fetched as you set it.'] },
  );
}
