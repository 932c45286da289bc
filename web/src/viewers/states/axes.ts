import type { NamedSet } from './sets';

/** The field of an axis, null when it is a direction. */
export function fieldOfAxis(axis: string): string | null {
  return axis.startsWith('field:') ? axis.slice('field:'.length) : null;
}

/** For people: `value`, `left → right`. */
export function nameOfAxis(axis: string): string {
  return fieldOfAxis(axis) ?? axis.slice('between:'.length).replace('>', ' → ');
}

/** The sets that a direction leads between; null when it is none, or one of them is no more. */
export function setsOfAxis(axis: string, sets: readonly NamedSet[]): [NamedSet, NamedSet] | null {
  if (!axis.startsWith('between:')) return null;
  const [from, to] = axis
    .slice('between:'.length)
    .split('>')
    .map((name) => sets.find((set) => set.name === name));
  return from && to ? [from, to] : null;
}
