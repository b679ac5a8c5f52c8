const MAX_LENGTH = 64;

/** The known word that was probably meant, if one is near enough. `text` is whatever somebody typed. */
export function nearest(text: string, known: Iterable<string>): string | undefined {
  if (text.length > MAX_LENGTH) return undefined;
  const allowed = Math.max(1, Math.floor(text.length / 3));
  const ranked = [...known].map((word) => ({ word, distance: editDistance(text, word) }));
  const near = ranked
    .filter(({ distance }) => distance <= allowed)
    .sort((left, right) => left.distance - right.distance);
  return near[0]?.word;
}

/** Optimal string alignment: insertions, deletions, substitutions, and swaps of neighbours count one each. */
export function editDistance(left: string, right: string): number {
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, at) => at)];
  const cell = (row: number, column: number): number => rows[row]?.[column] ?? 0;
  for (let row = 1; row <= left.length; row++) {
    rows[row] = [row];
    for (let column = 1; column <= right.length; column++) {
      const isSame = left[row - 1] === right[column - 1];
      const isSwap = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      const edits = [
        cell(row - 1, column) + 1,
        cell(row, column - 1) + 1,
        cell(row - 1, column - 1) + (isSame ? 0 : 1),
      ];
      if (isSwap && row > 1 && column > 1) edits.push(cell(row - 2, column - 2) + 1);
      (rows[row] as number[])[column] = Math.min(...edits);
    }
  }
  return cell(left.length, right.length);
}
