/** Width of a letter, what a tag has around it with its gap, and the count of the others, in pixels: on the safe side. */
const LETTER_PX = 6.6;
const AROUND_PX = 18;
const COUNT_PX = 22;

/** How many tags a width holds, with the count of the others where there are some. One is always shown, shortened if need be. */
export function tagsThatFit(tags: readonly string[], width: number): number {
  let used = 0;
  for (const [at, tag] of tags.entries()) {
    used += [...tag].length * LETTER_PX + AROUND_PX;
    const isLast = at === tags.length - 1;
    if (used + (isLast ? 0 : COUNT_PX) > width) return Math.max(1, at);
  }
  return tags.length;
}
