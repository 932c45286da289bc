/** Path of a run. */
export function at(run: string): string {
  return `/api/runs/${encodeURIComponent(run)}`;
}

/** A query of what is given; what is undefined is left out. */
export function search(params: Record<string, string | number | undefined>): string {
  const pairs = Object.entries(params).filter(([, value]) => value !== undefined);
  if (pairs.length === 0) return '';
  return '?' + new URLSearchParams(pairs.map(([name, value]) => [name, String(value)])).toString();
}
