import type { EnvSpec, FieldEntry, Space } from '../../api/wire';
import { boundsOf, elementName, elementsOf, isObservation, leafSpace } from './roles';

/** One number (or text) among those of a step, with all that is said of it. */
export interface Element {
  field: string;
  /** Within a row of the field. */
  index: number;
  name: string;
  unit: string;
  /** What the space allows; infinite where it has no bound; null where no space speaks of it. */
  bounds: readonly [number, number] | null;
  kind: 'number' | 'switch' | 'text' | 'choice';
  /** Names of the choices, from `start` on; empty where they have none. */
  choices: readonly string[];
  /** The first choice. */
  start: number;
}

/** How rows are ordered. */
export type Order = 'given' | 'name' | 'value' | 'change';

/** Every element of these fields, in order. Parts of a nested observation are called by their path. */
export function elementsIn(fields: readonly FieldEntry[], env: EnvSpec | null): Element[] {
  return fields.flatMap((field) => {
    const part = partName(field.name);
    const root = spaceOf(field, env);
    const space = root ? leafSpace(root, field.name.split('/').slice(1)) : null;
    const count = elementsOf(field);
    return Array.from({ length: count }, (_, index): Element => {
      const named = elementName(field, index, env);
      const bounds = root ? limits(root, field.name, index, space) : null;
      const name = part === '' ? named.name : count === 1 ? part : `${part} ${named.name}`;
      const about = { field: field.name, index, name, unit: named.unit, bounds, choices: [], start: 0 };
      if (field.dtype === null) return { ...about, kind: 'text' };
      if (space?.type === 'discrete') {
        const names = isObservation(field) && part === '' ? (env?.observation_names ?? []) : [];
        const choices = names.length === space.n ? names : [];
        const alone = part === '' && count === 1;
        return {
          ...about,
          name: alone ? partName(`observation/${field.name}`) : name,
          unit: `of ${space.n}`,
          kind: 'choice',
          choices,
          start: space.start,
          bounds: [space.start, space.start + space.n - 1],
        };
      }
      return {
        ...about,
        kind: field.dtype === 'bool' || space?.type === 'multi_binary' ? 'switch' : 'number',
      };
    });
  });
}

/** `camera / 0` for `observation/camera/0`, the empty text for the observation itself and for fields that are no part of one. */
function partName(name: string): string {
  const [, ...path] = name.split('/');
  return path.map((part) => part.replace(/%2F/g, '/').replace(/%25/g, '%')).join(' / ');
}

function spaceOf(field: FieldEntry, env: EnvSpec | null): Space | null {
  if (isObservation(field)) return env?.observation_space ?? null;
  return field.name === 'action' || field.name.startsWith('action/') ? (env?.action_space ?? null) : null;
}

/** Bounds of an element, infinite ends included; null for spaces that have none. */
function limits(
  root: Space,
  leaf: string,
  index: number,
  space: Space | null,
): readonly [number, number] | null {
  if (space?.type !== 'box') return boundsOf(root, leaf, index);
  const end = (ends: readonly (number | null)[], none: number) => {
    const bound = ends.length === 1 ? ends[0] : ends[index];
    // Gymnasium writes "no bound" as the largest number of the type now and then.
    return typeof bound === 'number' && Math.abs(bound) < 1e30 ? bound : none;
  };
  return [end(space.low, -Infinity), end(space.high, Infinity)];
}

/** What a choice is called: its name, else its number. */
export function choiceText({ choices, start }: Element, number: number): string {
  return choices[number - start] ?? String(number);
}

/**
 * Positions of the elements to show, in order: those whose name contains `filter`, by the order asked for. `valueOf` and `changeOf` are
 * asked only when they are what is ordered by; what is no number comes last.
 */
export function orderOf(
  elements: readonly Element[],
  filter: string,
  order: Order,
  valueOf: (element: Element) => number,
  changeOf: (element: Element) => number,
): number[] {
  const wanted = filter.trim().toLowerCase();
  const shown: number[] = [];
  elements.forEach(({ name, unit }, position) => {
    if (wanted === '' || `${name} ${unit}`.toLowerCase().includes(wanted)) shown.push(position);
  });
  if (order === 'given') return shown;
  if (order === 'name') {
    return shown.sort((a, b) => elements[a]!.name.localeCompare(elements[b]!.name, 'en', { numeric: true }));
  }
  const keys = new Map<number, number>();
  for (const position of shown) {
    const key = order === 'value' ? valueOf(elements[position]!) : Math.abs(changeOf(elements[position]!));
    keys.set(position, Number.isNaN(key) ? -Infinity : key);
  }
  return shown.sort((a, b) => keys.get(b)! - keys.get(a)! || a - b);
}
