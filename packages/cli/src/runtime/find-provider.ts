import { CodedError, printable } from '@dangerzone-image/core/errors';
import { nearest } from '../options/nearest.ts';
import { isSingleFile, usePackageInstead } from '../single-file/is-single-file.ts';
import type { RuntimeProvider } from './runtime-providers.ts';

/** Names that only a bundled adapter may have, whether or not this version brings it. */
export const reservedNames: readonly string[] = ['podman', 'docker-desktop', 'docker', 'oci-layout'];

/** The one provider of a runtime. None and several are errors of the configuration: no order of discovery decides. */
export function findProvider(name: string, providers: readonly RuntimeProvider[]): RuntimeProvider {
  const candidates = providers.filter(({ runtime }) => runtime === name);
  const [provider] = candidates;
  if (provider === undefined) throw unknownRuntime(name, providers);
  const plugins = candidates.map(({ plugin }) => plugin);
  const isReserved = reservedNames.includes(name);
  if (candidates.length > 1)
    throw refused(
      `expected one plugin that provides the runtime ${printable(name)}, found ${plugins.map(printable).join(' and ')}`,
      plugins,
    );
  if (isReserved && !provider.isBundled)
    throw refused(
      `expected the bundled adapter for the runtime ${printable(name)}, found ${printable(provider.plugin)}`,
      plugins,
    );
  return provider;
}

function unknownRuntime(name: string, providers: readonly RuntimeProvider[]): CodedError {
  const known = [...new Set(providers.map(({ runtime }) => runtime))].sort();
  const guess = nearest(name, known);
  return new CodedError('RUNTIME_UNKNOWN', `unknown runtime ${printable(name)}`, {
    suggestions: [
      ...(guess ? [`Did you mean --runtime ${guess}?`] : []),
      `The runtimes of this installation are: ${known.join(', ') || 'none'}.`,
      ...(isSingleFile() ? [`The single file takes no others. ${usePackageInstead}`] : []),
    ],
    details: { runtimes: known },
  });
}

function refused(message: string, plugins: readonly string[]): CodedError {
  return new CodedError('USAGE', message, {
    suggestions: ['Remove the plugin that should not be there, then run this again.'],
    details: { plugins },
  });
}
