/** The same options, still taken, but left out of help and completion; all but those that mean something to the verb. */
export function hiddenFlags<Flags extends object>(flags: Flags, shown: readonly (keyof Flags)[]): Flags {
  const entries = Object.entries(flags).map(([name, flag]) =>
    shown.includes(name as keyof Flags) ? [name, flag] : [name, { ...flag, hidden: true }],
  );
  return Object.fromEntries(entries);
}
