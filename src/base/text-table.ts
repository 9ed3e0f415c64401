/** Plain text for reports: aligned columns, and figures with their units. */

/** Rows as lines: the first `leftColumns` columns to the left, figures to the right. */
export function formatTable(rows: readonly (readonly string[])[], leftColumns = 1): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, cell.length);
    }
  }
  const align = (cell: string, column: number) =>
    column < leftColumns ? cell.padEnd(widths[column]) : cell.padStart(widths[column]);
  return rows.map((row) => row.map(align).join('  ').trimEnd()).join('\n');
}

/** `1 packet`, `2 packets`. */
export const countText = (count: number, noun: string, plural = `${noun}s`): string =>
  `${count} ${count === 1 ? noun : plural}`;

/** `9999 B`, `10 kB`, `12.5 MB`. */
export function bytesText(bytes: number): string {
  if (bytes < 10_000) return `${bytes} B`;
  if (bytes < 10e6) return `${(bytes / 1e3).toFixed(0)} kB`;
  return bytes < 10e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;
}
