import { CodedError, type Platform, printable } from '@dangerzone-image/core';

/** What people and `uname -m` call architectures for which an image index has another name (GOARCH). */
const ALIASES: ReadonlyMap<string, Omit<Platform, 'os'>> = new Map([
  ['x86_64', { architecture: 'amd64' }],
  ['x64', { architecture: 'amd64' }],
  ['aarch64', { architecture: 'arm64' }],
  ['i386', { architecture: '386' }],
  ['i686', { architecture: '386' }],
  ['armv6l', { architecture: 'arm', variant: 'v6' }],
  ['armv7l', { architecture: 'arm', variant: 'v7' }],
]);
const PART = /^[a-z0-9][a-z0-9_.-]{0,31}$/;

/** `--arch`: containers of that architecture are for Linux. */
export function platformOfArch(text: string): Platform {
  return { os: 'linux', ...architectureOf(text.toLowerCase(), text) };
}

/** `--platform os/arch[/variant]`. */
export function readPlatform(text: string): Platform {
  const [os = '', architecture, variant, ...more] = text.toLowerCase().split('/');
  if (architecture === undefined || more.length > 0 || !PART.test(os)) throw refused(text);
  if (variant !== undefined && !PART.test(variant)) throw refused(text);
  const known = architectureOf(architecture, text);
  if (known.architecture === 'arm64' && variant === 'v8') return { os, ...known }; // one platform, two names
  return { os, ...known, ...(variant !== undefined && { variant }) };
}

function architectureOf(text: string, given: string): Omit<Platform, 'os'> {
  const known = ALIASES.get(text);
  if (known) return known;
  if (!PART.test(text)) throw refused(given);
  return { architecture: text };
}

function refused(text: string): CodedError {
  return new CodedError('USAGE', `expected a platform, got ${printable(text)}`, {
    suggestions: ['Write --arch amd64, --arch arm64, or --platform os/arch[/variant].'],
  });
}
