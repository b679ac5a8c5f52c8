import { CodedError } from '../errors/coded-error.ts';
import type { ErrorCode } from '../errors/error-code.ts';

const MAX_DEPTH = 64;
const CANONICAL_INTEGER = /^(0|-?[1-9][0-9]*)$/;

export interface JsonPlace {
  /** What the document is and where it came from, for the message. */
  readonly where: string;
  /** The code of a refusal. */
  readonly code: ErrorCode;
}

/**
 * Strict JSON (RFC 8259, I-JSON of RFC 7493) from bytes of unknown origin: valid UTF-8 without a byte-order mark, one
 * document, bounded nesting, no key twice in one object, not even in another case (readers in other languages fold it).
 * Objects have no prototype. A number that is not a safe integer spelled canonically becomes NaN, so that no later
 * reader can take it for one: two spellings of a log index must never pass for the same.
 */
export function parseJson(bytes: Uint8Array, place: JsonPlace): unknown {
  const text = decodeUtf8(bytes, place);
  refuseAmbiguity(text, place);
  try {
    return JSON.parse(text, reviveStrictly as (key: string, value: unknown) => unknown);
  } catch (cause) {
    throw new CodedError(place.code, `${place.where} is not JSON`, { cause });
  }
}

function decodeUtf8(bytes: Uint8Array, { where, code }: JsonPlace): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new CodedError(code, `${where} is not valid UTF-8`, { cause });
  }
}

function reviveStrictly(_key: string, value: unknown, context: { source?: string }): unknown {
  if (typeof value === 'number') {
    const canonical = CANONICAL_INTEGER.test(context.source ?? '') && Number.isSafeInteger(value);
    return canonical ? value : Number.NaN;
  }
  if (typeof value === 'string' && !value.isWellFormed()) throw new SyntaxError('lone surrogate');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.assign(Object.create(null), value);
}

/** One linear pass over the text for what `JSON.parse` does not tell: how deep, and which keys stand twice. */
function refuseAmbiguity(text: string, place: JsonPlace): void {
  const open: (Set<string> | undefined)[] = [];
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === '{' || character === '[') {
      open.push(character === '{' ? new Set() : undefined);
      if (open.length > MAX_DEPTH)
        throw new CodedError(place.code, `${place.where} is nested deeper than ${MAX_DEPTH} levels`);
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (character === '"') {
      const end = endOfString(text, at);
      if (isKey(text, end)) rememberKey(open.at(-1), text.slice(at, end), place);
      at = end - 1;
    }
  }
}

/** Index after the closing quote, or the end of the text (then JSON.parse refuses it). */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return Math.min(at + 1, text.length);
}

function isKey(text: string, end: number): boolean {
  let at = end;
  while (' \t\r\n'.includes(text[at] ?? '#')) at++;
  return text[at] === ':';
}

function rememberKey(keys: Set<string> | undefined, quoted: string, { where, code }: JsonPlace): void {
  if (!keys) return; // a key outside an object: JSON.parse refuses the document
  let key: string;
  try {
    key = foldCase(JSON.parse(quoted) as string);
  } catch (cause) {
    throw new CodedError(code, `${where} is not JSON`, { cause });
  }
  if (!key.isWellFormed()) throw new CodedError(code, `${where} has a key with a lone surrogate`);
  if (keys.has(key)) throw new CodedError(code, `${where} has the key ${quoted.slice(0, 80)} twice in one object`);
  keys.add(key);
}

// Go's encoding/json also folds U+017F to s and U+212A to k: upper-casing first maps both as it does.
function foldCase(key: string): string {
  return key.toUpperCase().toLowerCase();
}
