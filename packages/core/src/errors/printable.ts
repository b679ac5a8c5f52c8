const MAX_SHOWN = 120;

// Everything that steers a terminal or hides text: control and format characters (zero-width, bidirectional, tags),
// line and paragraph separators, lone surrogates.
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

/** Text from outside, made safe for a terminal and a log line. */
export function escapeControls(text: string): string {
  return text.replace(UNSAFE, escapeCharacter);
}

/** A path of this machine: never cut, since its end says what is meant, and a remedy may be to type it. */
export function printablePath(path: string): string {
  return `"${escapeControls(path)}"`;
}

/** A value from outside as it may stand in a message: escaped, quoted, cut. */
export function printable(value: unknown): string {
  if (typeof value === 'string') {
    const shown = value.length > MAX_SHOWN ? `${value.slice(0, MAX_SHOWN)}…` : value;
    return `"${escapeControls(shown)}"`;
  }
  if (value === undefined) return 'nothing';
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`;
}
