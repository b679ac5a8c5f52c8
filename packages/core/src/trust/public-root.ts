import { printable } from '../errors/printable.ts';
import builtIn from './public-trusted-root.json' with { type: 'json' };
import shipped from './public-trusted-root-origin.json' with { type: 'json' };

/** Sigstore's public trusted root as it counts here and now, or what the user gave in its place. Not parsed yet. */
export interface PublicRoot {
  /** `built-in`: came with this version. `updated`: fetched since. `file`: the user's own. `archive`: came with an image. */
  readonly origin: 'built-in' | 'updated' | 'file' | 'archive';
  /** Where it came from, for people. */
  readonly from: string;
  /** When it was what Sigstore said; a file does not tell. */
  readonly date?: Date;
  /** `trusted_root.json`. */
  readonly bytes: Uint8Array;
}

let known: PublicRoot | undefined;

/** As it was when the package that it is from was published. */
export function builtInPublicRoot(): PublicRoot {
  known ??= {
    origin: 'built-in',
    from: shipped.from,
    date: new Date(shipped.date),
    bytes: Buffer.from(`${JSON.stringify(builtIn, undefined, 2)}\n`),
  };
  return known;
}

/** For messages. */
export function namePublicRoot({ origin, from, date }: PublicRoot): string {
  const day = date?.toISOString().slice(0, 10);
  if (origin === 'file') return `the trusted root ${printable(from)}`;
  const how = { 'built-in': 'built in', updated: 'fetched', archive: 'from the archive' }[origin];
  return `Sigstore’s public trusted root of ${day} (${how})`;
}
