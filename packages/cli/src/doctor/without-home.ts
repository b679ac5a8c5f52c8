/** The home folder as `~` in every text of a value: what is pasted into a bug report shall not name its user. */
export function withoutHome<T>(value: T, home: string | undefined): T {
  if (home === undefined || home.length < 2) return value;
  return JSON.parse(JSON.stringify(value, (_, text) => (typeof text === 'string' ? text.replaceAll(home, '~') : text)));
}
