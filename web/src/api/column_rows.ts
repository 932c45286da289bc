import type { Column, Columns } from './columns';

/** Rows `from <= row < to` of every column, as views. */
export function sliceRows({ header, columns }: Columns, from: number, to: number): Columns {
  return columnsOf(
    header,
    columns.map((column) => {
      const width = column.shape.slice(1).reduce((product, n) => product * n, 1);
      const [first, end] = [Math.min(column.rows, Math.max(0, from)), Math.min(column.rows, Math.max(0, to))];
      const rows = Math.max(0, end - first);
      return {
        ...column,
        rows,
        shape: [rows, ...column.shape.slice(1)],
        data: column.text ? column.data : column.data.subarray(first * width, (first + rows) * width),
        valid: column.valid && column.valid.subarray(first, first + rows),
        text: column.text && column.text.slice(first, first + rows),
      };
    }),
  );
}

/** The same columns one below the other, with the header of the first. */
export function joinRows(parts: readonly Columns[]): Columns {
  const first = parts[0]!;
  if (parts.length === 1) return first;
  const columns = first.columns.map((column) => {
    const all = parts.map((part) => part.byName.get(column.name)!);
    const rows = all.reduce((sum, one) => sum + one.rows, 0);
    const length = all.reduce((sum, one) => sum + one.data.length, 0);
    const Kind = column.data.constructor as new (length: number) => Column['data'];
    const data = new Kind(length);
    let at = 0;
    for (const one of all) {
      data.set(one.data, at);
      at += one.data.length;
    }
    const anyMissing = all.some(({ valid }) => valid !== null);
    return {
      ...column,
      rows,
      shape: [rows, ...column.shape.slice(1)],
      data,
      valid: anyMissing
        ? Uint8Array.from(all.flatMap(({ valid, rows: n }) => [...(valid ?? new Uint8Array(n).fill(1))]))
        : null,
      text: column.text && all.flatMap(({ text }) => text ?? []),
    };
  });
  return columnsOf(first.header, columns);
}

/** Columns with their index. */
export function columnsOf(header: Record<string, unknown>, columns: Column[]): Columns {
  return { header, columns, byName: new Map(columns.map((column) => [column.name, column])) };
}
