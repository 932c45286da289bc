/** Some points of a map under a name. */
export interface NamedSet {
  name: string;
  /** Ascending. */
  points: Uint32Array;
}

/** Longest text of all sets in the address: some servers and chats cut what is longer. */
export const SETS_TEXT_MAX = 6000;
export const NAME_MAX = 60;
export const SETS_MAX = 24;

/** Tells the points of one map from those of another: how many there are and which steps, in their order. */
export function markOf(points: {
  source: ArrayLike<number>;
  episode: ArrayLike<number>;
  step: ArrayLike<number>;
}): string {
  let hash = 0x811c9dc5;
  const { source, episode, step } = points;
  for (let i = 0; i < step.length; i++) {
    hash = Math.imul(hash ^ source[i], 0x01000193);
    hash = Math.imul(hash ^ episode[i], 0x01000193);
    hash = Math.imul(hash ^ step[i], 0x01000193);
  }
  return `${step.length}-${(hash >>> 0).toString(36)}`;
}

/**
 * Writes sets for the address: `NAME!POINTS,…`, after the mark of the map's points. Points are gaps and lengths of runs, seven bits a
 * byte, in base64 of addresses: points of a cluster follow each other in time, so most sets are short. Those that would make the text
 * longer than [`SETS_TEXT_MAX`] are left out and named.
 */
export function textOfSets(sets: readonly NamedSet[], mark: string): { text: string | null; left: string[] } {
  let text = mark;
  const left: string[] = [];
  for (const { name, points } of sets) {
    const part = `,${encodeURIComponent(name).replace(/!/g, '%21')}!${textOfPoints(points)}`;
    if (text.length + part.length > SETS_TEXT_MAX) left.push(name);
    else text += part;
  }
  return { text: sets.length === left.length ? null : text, left };
}

/** Reads sets of the map of that mark; none when they were made on other points. */
export function setsOfText(text: string | null, mark: string): NamedSet[] {
  const [of, ...parts] = (text ?? '').split(',');
  if (of !== mark) return [];
  const total = parseInt(mark, 10);
  return parts.slice(0, SETS_MAX).flatMap((part) => {
    const cut = part.indexOf('!');
    const points = cut > 0 ? pointsOfText(part.slice(cut + 1), total) : null;
    const name = points && decoded(part.slice(0, cut)).slice(0, NAME_MAX);
    return name && points.length > 0 ? [{ name, points }] : [];
  });
}

/** Whether a set can be called that: axes between sets part their names by `>` and `|`. */
export function isSetName(name: string): boolean {
  return name !== '' && name.length <= NAME_MAX && !/[>|]/.test(name);
}

export function withoutSet(sets: readonly NamedSet[], name: string): NamedSet[] {
  return sets.filter((set) => set.name !== name);
}

/** Points in either, ascending. */
export function union(a: Uint32Array, b: Uint32Array): Uint32Array {
  return Uint32Array.from(new Set([...a, ...b])).sort();
}

/** A name that no set has: `set 1`, `set 2`, … */
export function freeName(sets: readonly NamedSet[], start = 'set'): string {
  const names = new Set(sets.map(({ name }) => name));
  for (let i = 1; ; i++) if (!names.has(`${start} ${i}`)) return `${start} ${i}`;
}

function textOfPoints(points: Uint32Array): string {
  const bytes: number[] = [];
  const write = (value: number) => {
    for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) + 128);
    bytes.push(value);
  };
  let after = 0;
  for (let i = 0; i < points.length;) {
    let length = 1;
    while (points[i + length] === points[i] + length) length += 1;
    write(points[i] - after);
    write(length - 1);
    after = points[i] + length;
    i += length;
  }
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

function pointsOfText(text: string, total: number): Uint32Array | null {
  let binary: string;
  try {
    binary = atob(text.replace(/-/g, '+').replace(/_/g, '/'));
  } catch {
    return null;
  }
  let at = 0;
  const read = () => {
    let [value, unit] = [0, 1];
    for (;;) {
      const byte = binary.charCodeAt(at++);
      // NaN past the end.
      if (!(byte >= 0)) return null;
      value += (byte % 128) * unit;
      if (byte < 128) return value;
      unit *= 128;
      if (unit > 2 ** 35) return null;
    }
  };
  const points: number[] = [];
  let after = 0;
  while (at < binary.length) {
    const [gap, more] = [read(), read()];
    if (gap === null || more === null || after + gap + more >= total) return null;
    for (let i = 0; i <= more; i++) points.push(after + gap + i);
    after += gap + more + 1;
  }
  return Uint32Array.from(points);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
