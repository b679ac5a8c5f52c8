import { CodedError } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { placeOf } from './network-place.ts';

/**
 * Where a registry may send us (redirect, token realm): to https on the public network, and never into the machine or
 * network that we run in (server-side request forgery). A registry on loopback is itself in there and may stay.
 */
export function requireAllowedTarget(target: URL, from: URL, what: string): void {
  const isFromLoopback = placeOf(from.hostname) === 'loopback';
  const place = placeOf(target.hostname);
  if (target.username !== '' || target.password !== '') throw refused(target, from, what, 'has a user name in it');
  if (target.protocol !== 'https:' && !(target.protocol === 'http:' && place === 'loopback')) {
    throw refused(target, from, what, 'is not https');
  }
  if (place !== 'public' && !isFromLoopback && target.hostname !== from.hostname) {
    throw refused(target, from, what, 'is inside this machine or its network');
  }
}

function refused(target: URL, from: URL, what: string, why: string): CodedError {
  const place = printable(`${target.protocol}//${target.host}`);
  return new CodedError(
    'REGISTRY_ANSWER_INVALID',
    `the ${what} that ${printable(from.host)} gave (${place}) ${why}: refused`,
    {
      suggestions: ['Check the registry’s name. If it is right, tell its operator, or give a --mirror.'],
    },
  );
}
