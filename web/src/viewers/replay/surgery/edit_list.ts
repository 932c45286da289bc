import type { Edit } from '../../../api/what_if';
import { numberText } from './edit_text';

/** The edit that sets one element of a field, if the list has one: the last. */
export function setOf(edits: readonly Edit[], field: string, element: number): Edit | undefined {
  return edits.findLast((edit) => isSetOf(edit, field, element));
}

/** The list with one element of a field set: in the place of the edit that did so before, else at the end. */
export function withSet(edits: readonly Edit[], field: string, element: number, value: number): Edit[] {
  const fresh: Edit = { field, place: { elements: [element] }, change: { set: Math.fround(value) } };
  const at = edits.findLastIndex((edit) => isSetOf(edit, field, element));
  return at < 0 ? [...edits, fresh] : edits.with(at, fresh);
}

/** The list without edits that set this one element. */
export function withoutSet(edits: readonly Edit[], field: string, element: number): Edit[] {
  return edits.filter((edit) => !isSetOf(edit, field, element));
}

function isSetOf({ field, place, change }: Edit, of: string, element: number): boolean {
  return (
    field === of &&
    typeof place === 'object' &&
    'elements' in place &&
    place.elements.length === 1 &&
    place.elements[0] === element &&
    typeof change === 'object' &&
    'set' in change
  );
}

/** An edit in words; `name` is that of an element. */
export function editTitle(edit: Edit, name: (field: string, element: number) => string): string {
  const { place, planes, change, field } = edit;
  const where =
    place === 'all'
      ? `all of ${field}`
      : 'elements' in place
        ? place.elements.length > 3
          ? `${place.elements.length} elements`
          : place.elements.map((element) => name(field, element)).join(', ')
        : 'rect' in place
          ? `${place.rect[2]} × ${place.rect[3]} at ${place.rect[0]}, ${place.rect[1]}`
          : `${place.runs.reduce((sum, [, count]) => sum + count, 0)} pixels`;
  const frames = planes ? `, frame ${planes.join(', ')}` : '';
  if (change === 'erase') return `Erase ${where}${frames}`;
  if ('set' in change) {
    const isEntry = typeof place === 'object' && 'elements' in place;
    return isEntry
      ? `${where} = ${numberText(change.set)}`
      : `Paint ${where} with ${numberText(change.set)}${frames}`;
  }
  if ('blur' in change) return `Blur ${where} by ${numberText(change.blur)}${frames}`;
  const { episode, step } = change.paste;
  return `Paste ${where} from step ${step}${episode === undefined ? '' : ` of episode ${episode}`}${frames}`;
}

/** Runs of pixels, ascending, out of pixels in any order. */
export function runsOf(pixels: Iterable<number>): [number, number][] {
  const sorted = [...pixels].toSorted((a, b) => a - b);
  const runs: [number, number][] = [];
  for (const pixel of sorted) {
    const last = runs.at(-1);
    if (last && pixel < last[0] + last[1]) continue;
    if (last && pixel === last[0] + last[1]) last[1] += 1;
    else runs.push([pixel, 1]);
  }
  return runs;
}

/** Pixels of a round brush that is drawn from one pixel to another. */
export function stroke(
  from: { x: number; y: number },
  to: { x: number; y: number },
  radius: number,
  { width, height }: { width: number; height: number },
): Set<number> {
  const pixels = new Set<number>();
  const steps = Math.max(1, Math.abs(to.x - from.x), Math.abs(to.y - from.y));
  for (let step = 0; step <= steps; step += 1) {
    const x = Math.round(from.x + ((to.x - from.x) * step) / steps);
    const y = Math.round(from.y + ((to.y - from.y) * step) / steps);
    for (let dy = -radius; dy <= radius; dy += 1) {
      for (let dx = -radius; dx <= radius; dx += 1) {
        const [px, py] = [x + dx, y + dy];
        const inside = px >= 0 && py >= 0 && px < width && py < height;
        if (inside && dx * dx + dy * dy <= radius * radius) pixels.add(py * width + px);
      }
    }
  }
  return pixels;
}
