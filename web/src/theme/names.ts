/** Names up to this length stay whole: they fit, or lose only their ends. */
const WHOLE = 18;
/** The end that always stays has so many characters, or from the last separator in between. */
const TAIL_MIN = 4;
const TAIL_MAX = 14;
const TAIL_USUAL = 10;

/**
 * A name in two parts, of which the first may be cut where there is no room; the second is empty in short names.
 * The cut lies before a separator where there is one, else between two characters (never within one).
 */
export function endsOf(name: string): [head: string, tail: string] {
  const characters = [...name];
  if (characters.length <= WHOLE) return [name, ''];
  const at = (length: number) => characters.length - length;
  let length = TAIL_USUAL;
  for (let candidate = TAIL_MAX; candidate >= TAIL_MIN; candidate--) {
    if (/[-_/.:·, ]/.test(characters[at(candidate)])) {
      length = candidate;
      break;
    }
  }
  return [characters.slice(0, at(length)).join(''), characters.slice(at(length)).join('')];
}
