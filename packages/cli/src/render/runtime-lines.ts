import type { ProbedRuntime } from '../runtime/probe-runtimes.ts';
import { formatBytes } from './format-amount.ts';
import { next } from './image-lines.ts';

export interface RuntimesResult {
  readonly verb: 'runtimes';
  readonly status: 'listed';
  readonly runtimes: readonly ProbedRuntime[];
}

export function runtimesLines({ runtimes }: RuntimesResult): string[] {
  return runtimes.flatMap(runtimeLines);
}

/** One runtime for a person: that it answers and what it is, or why not and what to do. */
export function runtimeLines(runtime: ProbedRuntime): string[] {
  const { name, plugin, bundled, available, version, store, endpoint, platform, rootless, remote, freeBytes, reason } =
    runtime;
  const origin = bundled ? '' : ` (from ${plugin}, which is not part of this tool)`;
  if (!available) {
    const said = reason?.code === 'USAGE' ? 'Not set up' : '❌ No';
    return [`${said}: ${name}${origin}: ${reason?.message ?? ''}`, ...(reason?.suggestions ?? []).map(next)];
  }
  const facts = [
    ...(rootless === undefined ? [] : [rootless ? 'rootless' : 'as root']),
    ...(remote ? ['on another machine: needs --allow-remote-engine'] : []),
    ...(freeBytes === undefined ? [] : [`${formatBytes(freeBytes)} free`]),
  ];
  return [
    `✅ OK: ${name} ${version}${origin}`,
    `   ${[`${platform}`, `store ${store}`, ...facts].join(', ')}`,
    `   ${endpoint}`,
  ];
}
