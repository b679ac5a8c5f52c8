const NUMBER = /^-?[0-9]{1,20}(?:\.[0-9]{1,20})?$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it keeps out
const WORD = /^[^\x00-\x1f\x7f]{0,256}$/;

/** The only records that are let pass: what Python's `tarfile` writes by itself. They are checked, and not used. */
const ALLOWED = new Map([
  ['mtime', NUMBER],
  ['atime', NUMBER],
  ['ctime', NUMBER],
  ['uid', NUMBER],
  ['gid', NUMBER],
  ['uname', WORD],
  ['gname', WORD],
]);

const RECORD = /^([1-9][0-9]{0,3}) ([a-zA-Z]{1,32})=/;

/**
 * The records of a PAX header (POSIX.1-2001, pax, "Extended Header"): `length key=value\n`, each key once. Any that could
 * change a member's name, size or kind would make two readers see two archives. The reason to refuse them, or nothing.
 */
export function refusalOfPaxRecords(content: Buffer): string | undefined {
  const seen = new Set<string>();
  for (let at = 0; at < content.length; ) {
    const [start, digits = '', key = ''] = RECORD.exec(content.toString('latin1', at, at + 64)) ?? [];
    const end = at + Number(digits);
    if (start === undefined || end <= at + start.length || content[end - 1] !== 0x0a)
      return 'its PAX header is not a list of records, or has one that is not allowed';
    const shape = ALLOWED.get(key);
    if (!shape) return `its PAX header says ${key}: only times and owners may stand there`;
    if (seen.has(key)) return `its PAX header says ${key} twice`;
    if (!shape.test(content.toString('utf8', at + start.length, end - 1))) return `its PAX header has no plain ${key}`;
    seen.add(key);
    at = end;
  }
  return undefined;
}
