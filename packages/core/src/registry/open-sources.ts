import { CodedError } from '../errors/coded-error.ts';
import type { ImageReference } from '../oci/reference.ts';
import type { ImageSource } from '../source/image-source.ts';
import { sourceChain } from '../source/source-chain.ts';
import { openRegistry, type RegistryOptions } from './open-registry.ts';
import { parseMirror } from './parse-mirror.ts';
import { registryOrigin } from './registry-origin.ts';

export interface SourcesOptions extends Omit<RegistryOptions, 'origin' | 'prefix'> {
  readonly reference: Pick<ImageReference, 'registry'>;
  /** As given by the user or the profile, most wanted first. */
  readonly mirrors?: readonly string[];
  /** Leaves out the image's own registry. */
  readonly mirrorOnly?: boolean;
}

/** Where an image is read from: its mirrors in order, then its own registry. All addresses are checked before any is used. */
export function openSources({ reference, mirrors = [], mirrorOnly = false, ...options }: SourcesOptions): ImageSource {
  if (mirrorOnly && mirrors.length === 0) {
    throw new CodedError('USAGE', 'only mirrors may be asked, and none is given', {
      suggestions: ['Give a --mirror, or leave out --mirror-only.'],
    });
  }
  const places = [...mirrors.map(parseMirror), ...(mirrorOnly ? [] : [{ origin: registryOrigin(reference.registry) }])];
  return sourceChain(places.map((place) => openRegistry({ ...options, ...place })));
}
