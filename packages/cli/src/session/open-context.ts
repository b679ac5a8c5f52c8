import type {
  ImageReference,
  InstallContext,
  LocalContext,
  OnlineContext,
  Road,
  TrustShowContext,
  VerbContext,
} from '@dangerzone-image/core';
import { chooseRuntime } from '../runtime/choose-runtime.ts';
import type { RuntimeProvider } from '../runtime/runtime-providers.ts';
import { homeFolder } from './home-folder.ts';
import { openPublicRoot, requireEffect } from './open-public-root.ts';
import { openSource, requireOwnRoad } from './open-source.ts';
import { openTrustedRoot } from './open-trusted-root.ts';
import type { Surroundings } from './surroundings.ts';

/** For a verb that asks the registry and needs no engine; of the profile's image, where no other is named. */
export async function openOnline(surroundings: Surroundings, image?: ImageReference): Promise<OnlineContext> {
  const context = await openVerb(surroundings);
  return { ...context, source: await openSource(surroundings, context.profile, image) };
}

/** For a verb that looks at what is installed and opens no connection but the engine's own. */
export async function openLocal(surroundings: Surroundings): Promise<LocalContext> {
  const context = await openVerb(surroundings);
  const { allowRemoteEngine } = surroundings.options;
  return { ...context, allowRemoteEngine, runtime: await openRuntime(surroundings, context) };
}

/** For a verb that needs both. */
export async function openInstall(surroundings: Surroundings, via?: Road): Promise<InstallContext> {
  const context = await openVerb(surroundings);
  const { allowRemoteEngine } = surroundings.options;
  await requireOwnRoad(via, surroundings, context.profile);
  const source = await openSource(surroundings, context.profile);
  return {
    ...context,
    allowRemoteEngine,
    source,
    runtime: await openRuntime(surroundings, context),
    openProvenanceRoot: () => openTrustedRoot(surroundings, context.profile),
    ...(via && { via }),
  };
}

/** For a verb that needs neither engine nor registry. */
export async function openVerb(surroundings: Surroundings): Promise<VerbContext> {
  const { options, env, signal, report, announce } = surroundings;
  const { loadProfile, locateStateFolder } = await import('@dangerzone-image/core');
  const profile = await loadProfile(options.profile, { env, publicRoot: () => openPublicRoot(surroundings) });
  requireEffect(options, profile);
  profile.notices.forEach(announce);
  const override = options.stateDir === undefined ? {} : { override: options.stateDir };
  const state = locateStateFolder(profile, { env, platform: process.platform, home: homeFolder(), ...override });
  report({ type: 'decision', message: `profile ${profile.name}: image ${profile.image}, state in ${state.path}` });
  return { profile, state, signal, report, lockTimeoutMs: options.lockTimeoutMs };
}

/** For a verb that is about the public trusted root itself, whatever the profile rests on. */
export async function openTrust(surroundings: Surroundings): Promise<TrustShowContext> {
  const { loadProfile } = await import('@dangerzone-image/core');
  const { options, env, announce } = surroundings;
  const publicRoot = await openPublicRoot(surroundings);
  const profile = await loadProfile(options.profile, { env, publicRoot: async () => publicRoot });
  profile.notices.forEach(announce);
  return { profile, publicRoot };
}

/** The engine that was asked for, else the one that was used last; without a context nothing is remembered. */
export async function openRuntime(surroundings: Surroundings, context?: VerbContext) {
  const { options, providers, report } = surroundings;
  const { runtime, runtimeOptions } = options;
  if (runtime) {
    const { value: name, origin } = runtime;
    return chooseRuntime({ name, origin, options: runtimeOptions }, await providersFor(name, surroundings), report);
  }
  const { rememberedRuntime } = await import('@dangerzone-image/core');
  const name = context && (await rememberedRuntime(context));
  return chooseRuntime({ name, origin: 'memory', options: {} }, providers, report);
}

/** What the user added is looked at only for a name that is none of ours. */
async function providersFor(name: string, surroundings: Surroundings) {
  const { providers } = surroundings;
  return providers.some(({ runtime }) => runtime === name) ? providers : allProviders(surroundings);
}

/** Of the runtimes that this tool brings, and of those that the user added. */
export async function allProviders({ providers, settingsFolder }: Surroundings): Promise<readonly RuntimeProvider[]> {
  const { addedProviders } = await import('../plugins/added-plugins.ts');
  return [...providers, ...(await addedProviders(settingsFolder))];
}
