/** A name of a point that only the link has. */
export interface LinkedName {
  point: number;
  name: string;
}

/** Names that a link holds. */
const NAMES_MAX = 100;
const NAME_MAX = 200;

/** Writes names for the address: `POINT!NAME,…`, after the mark of the map's points. */
export function textOfNames(names: readonly LinkedName[], mark: string): string | null {
  if (names.length === 0) return null;
  return [
    mark,
    ...names.slice(-NAMES_MAX).map(({ point, name }) => `${point}!${encodeURIComponent(name)}`),
  ].join(',');
}

/** Reads names of the map of that mark, each point once; none when they were given to other points. */
export function namesOfText(text: string | null, mark: string): LinkedName[] {
  const [of, ...parts] = (text ?? '').split(',');
  if (of !== mark) return [];
  const total = parseInt(mark, 10);
  const names = new Map<number, string>();
  for (const part of parts.slice(0, NAMES_MAX)) {
    const found = /^(\d{1,9})!(.+)$/.exec(part);
    if (!found || Number(found[1]) >= total) continue;
    let name = found[2];
    try {
      name = decodeURIComponent(name);
    } catch {
      // As it is.
    }
    if (name.trim() !== '') names.set(Number(found[1]), name.slice(0, NAME_MAX));
  }
  return [...names].map(([point, name]) => ({ point, name }));
}
