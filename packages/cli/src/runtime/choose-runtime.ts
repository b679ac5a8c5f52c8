import type { ContainerRuntime, ProgressEvent } from '@dangerzone-image/core';
import { CodedError, printable } from '@dangerzone-image/core/errors';
import { createRuntime } from './create-runtime.ts';
import { findProvider } from './find-provider.ts';
import type { RuntimeProvider } from './runtime-providers.ts';

/** Asked in this order when nobody named one: our list, never the order in which plugins were found. They need no options. */
const preferred = ['podman', 'docker-desktop', 'docker'] as const;

const origins = {
  flag: 'named by --runtime or DANGERZONE_IMAGE_RUNTIME',
  settings: 'named in config.json',
  memory: 'what this profile used last',
} as const;

type Report = (event: ProgressEvent) => void;

export interface RuntimeWish {
  readonly name: string | undefined;
  /** Who named it. */
  readonly origin: keyof typeof origins;
  readonly options: Readonly<Record<string, string>>;
}

export async function chooseRuntime(
  wish: RuntimeWish,
  providers: readonly RuntimeProvider[],
  report: Report,
): Promise<ContainerRuntime> {
  if (wish.name !== undefined && isWorthTrying(wish)) {
    report({ type: 'decision', message: `runtime ${printable(wish.name)}: ${origins[wish.origin]}` });
    return start(findProvider(wish.name, providers), wish.options, report);
  }
  const reasons: { name: string; reason: string }[] = [];
  for (const name of preferred) {
    const answer = await ask(name, providers, report);
    if (typeof answer !== 'string') {
      report({ type: 'decision', message: `runtime ${name}: the first of ${preferred.join(', ')} that answers` });
      return answer;
    }
    reasons.push({ name, reason: answer });
  }
  throw noRuntime(reasons, providers);
}

/** What is only remembered must be ours and need no options: other code runs when its user names it, in this very run. */
function isWorthTrying({ name, origin }: RuntimeWish): boolean {
  return origin !== 'memory' || preferred.some((known) => known === name);
}

async function start(
  provider: RuntimeProvider,
  options: RuntimeWish['options'],
  report: Report,
): Promise<ContainerRuntime> {
  if (!provider.isBundled)
    report({
      type: 'notice',
      message: `runtime ${printable(provider.runtime)} comes from ${printable(provider.plugin)}, which is not part of this tool`,
    });
  return createRuntime(provider, options);
}

/** The runtime, or why it does not answer. */
async function ask(
  name: string,
  providers: readonly RuntimeProvider[],
  report: Report,
): Promise<ContainerRuntime | string> {
  if (!providers.some(({ runtime }) => runtime === name)) return 'this version has no adapter for it';
  try {
    const runtime = await start(findProvider(name, providers), {}, report);
    await runtime.info();
    return runtime;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function noRuntime(
  reasons: readonly { name: string; reason: string }[],
  providers: readonly RuntimeProvider[],
): CodedError {
  const listed = reasons.map(({ name, reason }) => `${name}: ${reason}`).join('; ');
  const others = [...new Set(providers.map(({ runtime }) => runtime))]
    .filter((name) => !reasons.some((asked) => asked.name === name))
    .sort();
  return new CodedError('RUNTIME_UNAVAILABLE', `no container runtime answers (${listed})`, {
    suggestions: [
      'Start one of them, or name another with --runtime.',
      ...(others.includes('oci-layout')
        ? ['Without an engine: --runtime oci-layout --runtime-option path=DIR keeps images in a folder.']
        : []),
    ],
    details: { runtimes: reasons, others },
  });
}
