import type { RuntimeInfo } from '@dangerzone-image/core';
import type { VerbOptions } from '../options/verb-options.ts';
import { type Reason, reasonOf } from '../render/reason-of.ts';
import { createRuntime } from './create-runtime.ts';
import type { RuntimeProvider } from './runtime-providers.ts';

/** One runtime of this installation: what it says of itself, or why it does not answer. */
export interface ProbedRuntime {
  readonly name: string;
  /** The package that brings it. */
  readonly plugin: string;
  readonly bundled: boolean;
  readonly available: boolean;
  readonly version?: string;
  readonly store?: string;
  readonly endpoint?: string;
  readonly platform?: string;
  readonly rootless?: boolean;
  /** On another machine: used with --allow-remote-engine only. */
  readonly remote?: boolean;
  readonly freeBytes?: number;
  /** Why it is not available, and what to do about it. */
  readonly reason?: Reason;
}

/** Asks every runtime for its own description, all at once. Added packages are not asked unless named: that would run them. */
export function probeRuntimes(
  providers: readonly RuntimeProvider[],
  { runtime: named, runtimeOptions }: Pick<VerbOptions, 'runtime' | 'runtimeOptions'>,
): Promise<readonly ProbedRuntime[]> {
  return Promise.all(
    providers.map(async (provider) => {
      const { runtime: name, plugin, isBundled: bundled } = provider;
      const isNamed = name === named?.value;
      if (!bundled && !isNamed) return { name, plugin, bundled, available: false, reason: notAsked(name) };
      try {
        return { name, plugin, bundled, available: true, ...(await describe(provider, isNamed ? runtimeOptions : {})) };
      } catch (error) {
        return { name, plugin, bundled, available: false, reason: reasonOf(error) };
      }
    }),
  );
}

async function describe(provider: RuntimeProvider, options: Readonly<Record<string, string>>) {
  const [{ formatPlatform, guardRuntime }, runtime] = await Promise.all([
    import('@dangerzone-image/core'),
    createRuntime(provider, options),
  ]);
  const info: RuntimeInfo = await guardRuntime(runtime).info();
  const { version, store, endpoint, platform, isRootless, isRemote, freeBytes } = info;
  return {
    version,
    ...(store !== undefined && { store }),
    endpoint,
    platform: formatPlatform(platform),
    ...(isRootless !== undefined && { rootless: isRootless }),
    ...(isRemote && { remote: true }),
    ...(freeBytes !== undefined && { freeBytes }),
  };
}

function notAsked(name: string): Reason {
  return {
    code: 'RUNTIME_UNAVAILABLE',
    message: 'not asked, for that would run code which is not part of this tool',
    suggestions: [`Name it: dangerzone-image runtimes --runtime ${name}`],
  };
}
