import { CodedError, printable } from '@dangerzone-image/core/errors';
import type { Settings } from '../settings/settings.ts';
import type { CommonFlags } from './common-flags.ts';

/** The common options, read and checked. What is absent is left to the profile, the environment or core's default. */
export interface VerbOptions {
  readonly profile: string | undefined;
  readonly trustedRoot: string | undefined;
  readonly stateDir: string | undefined;
  readonly lockTimeoutMs: number;
  readonly runtime: Chosen | undefined;
  readonly runtimeOptions: Readonly<Record<string, string>>;
  readonly allowRemoteEngine: boolean;
  readonly mirrors: readonly string[] | undefined;
  readonly mirrorOnly: boolean;
  readonly caFile: string | undefined;
  readonly authFile: Chosen | undefined;
  readonly credentialRealms: readonly string[] | undefined;
  readonly timeoutMs: number | undefined;
  readonly progress: ProgressStyle;
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  readonly isDebug: boolean;
}

/** A choice, and whose: this run's, by a flag or its variable, or the settings'. */
export interface Chosen {
  readonly value: string;
  readonly origin: 'flag' | 'settings';
}

export type ProgressStyle = 'auto' | 'plain' | 'json' | 'none';

const DEFAULT_LOCK_TIMEOUT_S = 60;

/** Flag (or its variable, which oclif reads) before settings; the profile comes after both. */
export function readVerbOptions(flags: CommonFlags, settings: Settings = {}): VerbOptions {
  const { timeout, lockTimeout = DEFAULT_LOCK_TIMEOUT_S } = settings;
  return {
    profile: flags.profile ?? settings.profile,
    trustedRoot: flags['trusted-root'],
    stateDir: flags['state-dir'],
    lockTimeoutMs: readSeconds('--lock-timeout', flags['lock-timeout'] ?? `${lockTimeout}`, 0),
    ...readRuntime(flags, settings),
    allowRemoteEngine: flags['allow-remote-engine'],
    mirrors: flags.mirror ?? settings.mirrors,
    mirrorOnly: flags['mirror-only'] ?? settings.mirrorOnly ?? false,
    caFile: flags['ca-file'] ?? settings.caFile,
    authFile: chosen(flags['auth-file'], settings.authFile),
    credentialRealms: settings.credentialRealms,
    timeoutMs: flags.timeout === undefined ? timeout && timeout * 1000 : readSeconds('--timeout', flags.timeout, 1),
    progress: (flags.progress ?? settings.progress ?? 'auto') as ProgressStyle,
    isJson: flags.json,
    isQuiet: flags.quiet ?? settings.quiet ?? false,
    isDebug: flags.debug,
  };
}

/** Options are one runtime's: the settings' go with the settings' runtime, and with no other. */
function readRuntime(flags: CommonFlags, settings: Settings): Pick<VerbOptions, 'runtime' | 'runtimeOptions'> {
  const runtime = chosen(flags.runtime, settings.runtime);
  const given = readRuntimeOptions(flags['runtime-option'] ?? []);
  if (runtime === undefined && Object.keys(given).length > 0) {
    throw new CodedError('USAGE', 'expected --runtime beside --runtime-option: options belong to one runtime', {
      suggestions: ['Name it: --runtime oci-layout --runtime-option path=DIR'],
    });
  }
  const isSettings = runtime?.value === settings.runtime;
  return { runtime, runtimeOptions: { ...(isSettings && settings.runtimeOptions), ...given } };
}
function chosen(flag: string | undefined, setting: string | undefined): Chosen | undefined {
  if (flag !== undefined) return { value: flag, origin: 'flag' };
  return setting === undefined ? undefined : { value: setting, origin: 'settings' };
}

const SECONDS = /^[0-9]{1,5}$/;

function readSeconds(option: string, text: string, least: number): number {
  if (SECONDS.test(text) && Number(text) >= least) return Number(text) * 1000;
  throw new CodedError('USAGE', `expected whole seconds after ${option}, at least ${least}, got ${printable(text)}`, {
    suggestions: [`For example: ${option} 30`],
  });
}

const RUNTIME_OPTION = /^([A-Za-z][A-Za-z0-9]*)=(.+)$/s;

function readRuntimeOptions(texts: readonly string[]): Readonly<Record<string, string>> {
  const options: Record<string, string> = {};
  for (const text of texts) {
    const [, key, value] = RUNTIME_OPTION.exec(text) ?? [];
    if (key === undefined || value === undefined) {
      throw new CodedError('USAGE', `expected KEY=VALUE after --runtime-option, got ${printable(text)}`, {
        suggestions: ['For example: --runtime oci-layout --runtime-option path=./images'],
      });
    }
    if (Object.hasOwn(options, key)) {
      throw new CodedError('USAGE', `expected --runtime-option ${key} once, got it again`, {
        suggestions: ['Give each key one value.'],
      });
    }
    options[key] = value;
  }
  return options;
}
