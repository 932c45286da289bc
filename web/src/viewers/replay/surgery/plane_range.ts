import type { EditedField } from '../../../api/what_if';
import { boundsOf } from '../roles';
import type { Session } from '../session.svelte';

/** The numbers that are black and white: the type's, the space's, or those of the picture itself. */
export function rangeOf(session: Session, field: EditedField): [number, number] {
  if (field.dtype === 'uint8') return [0, 255];
  const bounds = boundsOf(session.env?.observation_space, field.name, 0);
  if (bounds) return bounds;
  let [low, high] = [0, 1];
  for (const number of field.before) {
    if (number < low) low = number;
    if (number > high) high = number;
  }
  return [low, high];
}
