import { CodedError, printable } from '@dangerzone-image/core/errors';
import type { CommonFlags } from './common-flags.ts';

/** The common options, read and checked. What is absent is left to the profile, the environment or core's default. */
export interface VerbOptions {
  readonly profile: string | undefined;
  readonly stateDir: string | undefined;
  readonly lockTimeoutMs: number;
  readonly runtime: string | undefined;
  readonly runtimeOptions: Readonly<Record<string, string>>;
  readonly allowRemoteEngine: boolean;
  readonly mirrors: readonly string[] | undefined;
  readonly mirrorOnly: boolean;
  readonly timeoutMs: number | undefined;
  readonly progress: ProgressStyle;
  readonly isJson: boolean;
  readonly isQuiet: boolean;
  readonly isDebug: boolean;
}

export type ProgressStyle = 'auto' | 'plain' | 'json' | 'none';

const DEFAULT_LOCK_TIMEOUT = '60';

export function readVerbOptions(flags: CommonFlags): VerbOptions {
  const runtimeOptions = readRuntimeOptions(flags['runtime-option'] ?? []);
  if (flags.runtime === undefined && Object.keys(runtimeOptions).length > 0) {
    throw new CodedError('USAGE', 'expected --runtime beside --runtime-option: options belong to one runtime', {
      suggestions: ['Name it: --runtime oci-layout --runtime-option path=DIR'],
    });
  }
  return {
    profile: flags.profile,
    stateDir: flags['state-dir'],
    lockTimeoutMs: readSeconds('--lock-timeout', flags['lock-timeout'] ?? DEFAULT_LOCK_TIMEOUT, 0),
    runtime: flags.runtime,
    runtimeOptions,
    allowRemoteEngine: flags['allow-remote-engine'],
    mirrors: flags.mirror,
    mirrorOnly: flags['mirror-only'],
    timeoutMs: flags.timeout === undefined ? undefined : readSeconds('--timeout', flags.timeout, 1),
    progress: (flags.progress ?? 'auto') as ProgressStyle,
    isJson: flags.json,
    isQuiet: flags.quiet,
    isDebug: flags.debug,
  };
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
