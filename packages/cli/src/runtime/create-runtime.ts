import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ContainerRuntime } from '@dangerzone-image/core';
import { CodedError, codeOf, printable } from '@dangerzone-image/core/errors';
import type { RuntimeProvider } from './runtime-providers.ts';

/**
 * Loads the chosen adapter, and no other, and makes its runtime. The hook is called by us: oclif would mix its own
 * configuration into the options, and would say nothing when the export is missing.
 */
export async function createRuntime(
  provider: RuntimeProvider,
  options: Readonly<Record<string, string>>,
): Promise<ContainerRuntime> {
  const module = await loadAdapter(provider);
  const factory = module[provider.identifier];
  if (typeof factory !== 'function')
    throw broken(provider, `${provider.target} exports no function ${printable(provider.identifier)}`);
  const runtime = await callFactory(factory, provider, options);
  if (!isRuntime(runtime)) throw broken(provider, 'what it made is not a runtime');
  return runtime;
}

async function loadAdapter(provider: RuntimeProvider): Promise<Readonly<Record<string, unknown>>> {
  try {
    if (provider.load) return await provider.load();
    return await import(pathToFileURL(resolve(provider.root, provider.target)).href);
  } catch (cause) {
    throw broken(provider, `${provider.target} cannot be loaded`, cause);
  }
}

async function callFactory(
  factory: CallableFunction,
  provider: RuntimeProvider,
  options: Readonly<Record<string, string>>,
): Promise<unknown> {
  try {
    return await factory({ ...options });
  } catch (cause) {
    // An adapter's own refusal, of an option say, is already in the words of the user.
    throw codeOf(cause) === undefined ? broken(provider, 'it failed while starting', cause) : cause;
  }
}

function isRuntime(value: unknown): value is ContainerRuntime {
  const needed = ['info', 'images', 'load', 'tag', 'remove'] as const satisfies readonly (keyof ContainerRuntime)[];
  if (typeof value !== 'object' || value === null) return false;
  const members = value as Readonly<Record<string, unknown>>;
  return typeof members.name === 'string' && needed.every((name) => typeof members[name] === 'function');
}

function broken({ runtime, plugin }: RuntimeProvider, why: string, cause?: unknown): CodedError {
  return new CodedError(
    'RUNTIME_FAILED',
    `the adapter ${printable(plugin)} for the runtime ${printable(runtime)} is broken: ${why}`,
    {
      suggestions: ['Install it again, or name another runtime with --runtime.'],
      details: { plugin, runtime },
      cause,
    },
  );
}
