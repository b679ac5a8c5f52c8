import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../errors/coded-error.ts';
import { parseJson } from './parse-json.ts';

const place = { where: 'the test', code: 'MANIFEST_INVALID' } as const;
const parse = (text: string | Uint8Array): unknown => parseJson(Buffer.from(text as string), place);

function codeOfParsing(text: string | Uint8Array): string | undefined {
  try {
    parse(text);
    return undefined;
  } catch (error) {
    return codeOf(error);
  }
}

const bytes = (...parts: (string | number)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.of(part))));
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

describe('strict JSON', () => {
  it.each([
    ['34: a key twice', '{"manifests":[1],"manifests":[2]}'],
    ['34: a key twice, far inside', '{"a":[{"b":{"c":1,"d":2,"c":3}}]}'],
    ['34: a key twice, once escaped', '{"manifests":1,"manifest\\u0073":2}'],
    ['34: a key twice, with other things between', '{"a":1,"b":{"a":{}},"a":[]}'],
    ['34: a key in two cases', '{"manifests":[1],"Manifests":[2]}'],
    ['34: a key with a long s, which Go folds', '{"manifests":[1],"manifeſts":[2]}'],
    ['34: a key with a Kelvin sign, which Go folds', '{"key":1,"\u212aey":2}'],
    ['34: the empty key twice', '{"":1,"":2}'],
    ['34: __proto__ twice', '{"__proto__":1,"__proto__":2}'],
    ['35: a byte-order mark', '\ufeff{}'],
    ['35: a byte-order mark alone', '\ufeff'],
    ['35: bytes after the document', '{}x'],
    ['35: a second document', '{}{}'],
    ['35: a NUL after it', '{}\0'],
    ['35: a byte that is not UTF-8', bytes('{"a":"', 0xff, '"}')],
    ['35: UTF-8 that was cut', bytes('"', 0xe2, 0x82, '"')],
    ['35: a surrogate in UTF-8', bytes('"', 0xed, 0xa0, 0x80, '"')],
    ['35: an overlong slash', bytes('"', 0xc0, 0xaf, '"')],
    ['35: UTF-16', Buffer.from('{}', 'utf16le')],
    ['35: a lone surrogate', '"\\ud800"'],
    ['35: a lone surrogate in a key', '{"\\udc00":1}'],
    ['35: two surrogates in the wrong order', '["\\udc00\\ud800"]'],
    ['35: nesting of 65', nested(65)],
    ['35: nesting of 200 000', nested(200_000)],
    ['35: nesting of 200 000 that never closes', '['.repeat(200_000)],
    ['35: nesting of objects', `${'{"a":'.repeat(200_000)}1`],
    ['nothing', ''],
    ['a comment', '{}//'],
    ['a comma too many', '[1,]'],
    ['single quotes', "{'a':1}"],
    ['NaN', 'NaN'],
    ['a string without an end', '"abc'],
    ['a string that ends in a backslash', '"abc\\'],
    ['a line feed in a string', '"a\nb"'],
    ['a key outside an object', '["a":1]'],
    ['a bad escape in a key', '{"\\x":1}'],
  ])('bad input %s: is refused', (_, text) => {
    expect(codeOfParsing(text)).toBe('MANIFEST_INVALID');
  });

  it('takes nesting of 64, and one key in each of several objects', () => {
    expect(codeOfParsing(nested(64))).toBeUndefined();
    expect(codeOfParsing('[{"a":{"a":[{"a":1},{"a":2}]}},{"a":"\\"a\\":{\\"a\\""}]')).toBeUndefined();
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('bad input 36: %s is only a key', (key) => {
    const value = parse(`{"a":{"${key}":{"polluted":1}}}`) as { a: Record<string, unknown> };
    expect(Object.getPrototypeOf(value)).toBeNull();
    expect(Object.getPrototypeOf(value.a)).toBeNull();
    expect(Object.keys(value.a)).toEqual([key]);
    expect((parse('{}') as Record<string, unknown>)[key]).toBeUndefined();
    expect('polluted' in {}).toBe(false);
  });

  it.each(['0', '7', '-7', '2147483648', '4294967296', '9007199254740991', '-9007199254740991'])(
    'bad input 76: %s is itself',
    (text) => expect(parse(text)).toBe(Number(text)),
  );

  it.each([
    '9007199254740992',
    '9007199254740993',
    '-9007199254740992',
    '1e3',
    '1E0',
    '1.0',
    '0.5',
    '-0',
    '1e400',
    '5175364400e-2',
  ])('bad input 75: %s is no number that anything decides on', (text) =>
    expect(parse(`[${text}]`)).toEqual([Number.NaN]),
  );

  it.each(['01', '+1', '0x10', '1_000', '.5', '1.', '--1'])('bad input 75: %s is no JSON', (text) => {
    expect(codeOfParsing(text)).toBe('MANIFEST_INVALID');
  });

  // Quadratic work on half a mebibyte takes minutes: the time limit of a test is the assertion.
  const size = 512 * 1024;
  it.each([
    ['many texts', `[${'"",'.repeat(size / 3)}""]`],
    ['blanks before it', `${' '.repeat(size)}1`],
    ['blanks after a text', `["a"${' '.repeat(size)}]`],
    ['backslashes', `"${'\\\\'.repeat(size / 2)}"`],
    ['many keys', `{${Array.from({ length: size / 16 }, (_, at) => `"key${at}":1`).join(',')}}`],
    ['many objects', `[${'{},'.repeat(size / 3)}{}]`],
  ])('reads %s in linear time', (_, shape) => expect(codeOfParsing(shape)).toBeUndefined());
});

/** A document as written, with what a strict reader must make of it. */
interface Written {
  readonly text: string;
  readonly ambiguous: boolean;
  readonly depth: number;
}

const fold = (key: string) =>
  key
    .replace(/\u017f/g, 's')
    .replace(/\u212a/g, 'k')
    .toLowerCase();
const blank = fc.constantFrom('', ' ', '\n\t ', '\r');
const scalar = fc
  .oneof(
    fc.constantFrom(
      'true',
      'false',
      'null',
      '0',
      '-0',
      '1e3',
      '1.5',
      '9007199254740993',
      '"\\u0041"',
      '"\\ud83d\\ude00"',
    ),
    fc.integer().map(String),
    fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text)),
  )
  .map((text): Written => ({ text, ambiguous: false, depth: 0 }));
const keyText = fc.oneof(
  fc.constantFrom(
    'a',
    'A',
    'b',
    'manifests',
    'Manifests',
    '__proto__',
    's',
    'k',
    '\u017f',
    '\u212a',
    '"',
    '\\',
    '{',
    ':',
  ),
  fc.string({ maxLength: 3 }),
);
const { document } = fc.letrec<{ document: Written }>((tie) => ({
  document: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    scalar,
    fc.tuple(blank, fc.array(tie('document'), { maxLength: 4 })).map(([space, items]) => ({
      text: `[${space}${items.map(({ text }) => text).join(`${space},${space}`)}${space}]`,
      ambiguous: items.some(({ ambiguous }) => ambiguous),
      depth: 1 + Math.max(0, ...items.map(({ depth }) => depth)),
    })),
    fc.tuple(blank, fc.array(fc.tuple(keyText, tie('document')), { maxLength: 5 })).map(([space, members]) => ({
      text: `{${space}${members.map(([key, { text }]) => `${JSON.stringify(key)}${space}:${text}`).join(`${space},`)}}`,
      ambiguous:
        new Set(members.map(([key]) => fold(key))).size < members.length ||
        members.some(([, { ambiguous }]) => ambiguous),
      depth: 1 + Math.max(0, ...members.map(([, { depth }]) => depth)),
    })),
  ),
}));

/** What JSON.parse makes of it, with numbers as the strict reader has them. */
function expected(text: string): unknown {
  return JSON.parse(text, ((_key: string, value: unknown, { source }: { source: string }) =>
    typeof value === 'number' && (String(value) !== source || !Number.isSafeInteger(value))
      ? Number.NaN
      : value) as never);
}

const prototypeless = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(prototypeless);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [`key ${key}`, prototypeless(member)]));
};

describe('strict JSON, on generated documents', () => {
  it('bad input 34: takes what JSON.parse takes, to the same value, but no key twice in one object', () => {
    fc.assert(
      fc.property(document, ({ text, ambiguous, depth }) => {
        if (ambiguous || depth > 64) expect(codeOfParsing(text)).toBe('MANIFEST_INVALID');
        else expect(prototypeless(parse(text))).toEqual(prototypeless(expected(text)));
      }),
      { numRuns: 1000 },
    );
  });

  it('bad input 35: takes nothing that JSON.parse refuses, whatever is put in, out or over', () => {
    const edit = fc.tuple(
      fc.nat(),
      fc.nat(2),
      fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', '0', 'e', ' ', '\0', '\ufeff', ''),
    );
    fc.assert(
      fc.property(document, fc.array(edit, { minLength: 1, maxLength: 3 }), ({ text }, edits) => {
        const changed = edits.reduce((now, [at, cut, put]) => {
          const position = at % (now.length + 1);
          return now.slice(0, position) + put + now.slice(position + cut);
        }, text);
        const code = codeOfParsing(changed.toWellFormed());
        if (code === undefined)
          expect(prototypeless(parse(changed.toWellFormed()))).toEqual(prototypeless(expected(changed.toWellFormed())));
        else expect(code).toBe('MANIFEST_INVALID');
      }),
      { numRuns: 1000 },
    );
  });

  it('bad input 35: refuses with its own code whatever bytes come', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        expect([undefined, 'MANIFEST_INVALID']).toContain(codeOfParsing(noise));
      }),
    );
  });
});
