import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { placeOf } from './network-place.ts';

/** A place to read images from under their own names: `origin/v2/[prefix/]repository/…`. */
export interface Mirror {
  readonly origin: URL;
  /** Path below `/v2/`, without slashes at its ends; empty where there is none. */
  readonly prefix: string;
}

const MIRROR = /^https?:\/\/(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?(\/[^?#]*)?$/;
const PREFIX_PART = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,128}$/;

/** Reads `https://host[:port][/prefix]` from a person or a profile; http for loopback only. */
export function parseMirror(text: string): Mirror {
  const [matched, path = ''] = (text.length <= 1024 && MIRROR.exec(text)) || [];
  if (matched === undefined || !URL.canParse(text)) throw refused(text, 'is not https://host[:port][/prefix]');
  const origin = new URL(new URL(text).origin);
  if (origin.protocol === 'http:' && placeOf(origin.hostname) !== 'loopback') {
    throw refused(text, 'is plain http, which is for this machine (loopback) only');
  }
  const prefix = path.replace(/^\//, '').replace(/\/$/, '');
  if (prefix !== '' && !prefix.split('/').every((part) => PREFIX_PART.test(part))) {
    throw refused(text, 'has a prefix that is not words joined by /');
  }
  return { origin, prefix };
}

function refused(text: string, why: string): CodedError {
  return new CodedError('USAGE', `mirror ${printable(withoutSecrets(text))} ${why}`, {
    suggestions: [
      'Give a mirror as https://mirror.example.net or https://mirror.example.net/prefix, without user name, password or query.',
    ],
  });
}

/** A rejected address may be one with a password or a token in it. */
function withoutSecrets(text: string): string {
  const shown = text.replace(/[?#][\s\S]*$/, '…');
  return shown.includes('@') ? `…${shown.slice(shown.lastIndexOf('@'))}` : shown;
}
