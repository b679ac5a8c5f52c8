const PACKED: readonly (readonly [string, string])[] = [
  ['1f8b', 'gzip'],
  ['28b52ffd', 'zstd'],
  ['fd377a585a00', 'xz'],
  ['425a68', 'bzip2'],
  ['504b0304', 'zip'],
];

/** A plain tar has a known length and lets itself be read anywhere; what is packed may unpack to anything. */
export function refusalOfPacked(beginning: Buffer): string | undefined {
  const hex = beginning.toString('hex', 0, 8);
  const [, name] = PACKED.find(([magic]) => hex.startsWith(magic)) ?? [];
  return name && `it is packed with ${name}: expected a plain tar, so unpack it first`;
}
