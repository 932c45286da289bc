const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** Bytes as the command writes them: `512 B`, `3.4 MiB`. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  let [value, unit] = [bytes, 0];
  // What would be rounded up to 1,024 is one of the next unit.
  for (; value >= 1023.95 && unit + 1 < UNITS.length; unit += 1) value /= 1024;
  return `${value.toFixed(1)} ${UNITS[unit]}`;
}
