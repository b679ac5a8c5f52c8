import { homedir } from 'node:os';
import type {
  InstallContext,
  LocalContext,
  OnlineContext,
  Profile,
  ProgressEvent,
  Road,
  VerbContext,
} from '@dangerzone-image/core';
import { CodedError } from '@dangerzone-image/core/errors';
import type { VerbOptions } from '../options/verb-options.ts';
import { chooseRuntime } from '../runtime/choose-runtime.ts';
import type { RuntimeProvider } from '../runtime/runtime-providers.ts';

/** What a verb's context is made from. */
export interface Surroundings {
  readonly options: VerbOptions;
  readonly providers: readonly RuntimeProvider[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  readonly report: (event: ProgressEvent) => void;
  /** For what is said even with --quiet: a trust anchor that was replaced, say. */
  readonly announce: (message: string) => void;
}

/** For a verb that asks the registry and needs no engine. */
export async function openOnline(surroundings: Surroundings): Promise<OnlineContext> {
  const context = await openVerb(surroundings);
  return { ...context, source: await openSource(surroundings, context.profile) };
}

/** For a verb that looks at what is installed and opens no connection but the engine's own. */
export async function openLocal(surroundings: Surroundings): Promise<LocalContext> {
  const context = await openVerb(surroundings);
  const { allowRemoteEngine } = surroundings.options;
  return { ...context, allowRemoteEngine, runtime: await openRuntime(surroundings) };
}

/** For a verb that needs both. */
export async function openInstall(surroundings: Surroundings, via?: Road): Promise<InstallContext> {
  const context = await openVerb(surroundings);
  const { allowRemoteEngine, mirrors = context.profile.mirrors } = surroundings.options;
  if (via === 'pull' && mirrors.length > 0) throw mirrorsAreOurs();
  const source = await openSource(surroundings, context.profile);
  return { ...context, allowRemoteEngine, source, runtime: await openRuntime(surroundings), ...(via && { via }) };
}

/** An engine that pulls goes to the image's own registry: the mirror would silently be passed by. */
function mirrorsAreOurs(): CodedError {
  return new CodedError('USAGE', 'with --via pull the engine fetches by itself, and knows nothing of our mirrors', {
    suggestions: ['Leave out --via pull, or the mirrors.'],
  });
}

async function openVerb({ options, env, signal, report, announce }: Surroundings): Promise<VerbContext> {
  const { loadProfile, locateStateFolder } = await import('@dangerzone-image/core');
  const profile = await loadProfile(options.profile, { env });
  profile.notices.forEach(announce);
  const override = options.stateDir === undefined ? {} : { override: options.stateDir };
  const state = locateStateFolder(profile, { env, platform: process.platform, home: homeFolder(), ...override });
  report({ type: 'decision', message: `profile ${profile.name}: image ${profile.image}, state in ${state.path}` });
  return { profile, state, signal, report, lockTimeoutMs: options.lockTimeoutMs };
}

async function openSource({ options, env }: Surroundings, profile: Profile) {
  const { openSources, parseReference } = await import('@dangerzone-image/core');
  const reference = parseReference(profile.image);
  const { mirrors = profile.mirrors, mirrorOnly, timeoutMs } = options;
  return openSources({ reference, mirrors, mirrorOnly, env, ...(timeoutMs !== undefined && { timeoutMs }) });
}

function openRuntime({ options, providers, report }: Surroundings) {
  return chooseRuntime({ name: options.runtime, options: options.runtimeOptions }, providers, report);
}

/** Without HOME and without an entry of its user the system knows none, and says so by throwing. */
function homeFolder(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}
