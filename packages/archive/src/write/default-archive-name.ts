import type { Platform, Profile } from '@dangerzone-image/core';

const NAMELESS = 'image';
const MAX_NAME = 64;

/** What an archive is called where nobody says: with `{arch}`, which stands for the architecture. */
export function defaultArchiveName({ name }: Pick<Profile, 'name'>): string {
  return `${fileName(name)}-{arch}.tar`;
}

/** The architecture put in, with its variant where there is one: each platform has a file of its own. */
export function archiveNameFor(pattern: string, { architecture, variant }: Platform): string {
  return pattern.replaceAll('{arch}', [architecture, variant].filter(Boolean).join('-'));
}

/** A profile may be called anything; a file in this folder may not: no separator, no leading dot or dash, no device. */
function fileName(name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, '-')
    .replaceAll(/^[.-]+|[.-]+$/g, '')
    .slice(0, MAX_NAME);
  return plain || NAMELESS;
}
