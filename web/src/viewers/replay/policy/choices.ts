import type { EnvSpec, Space } from '../../../api/wire';
import { heading, indexOfLargest, type Lane } from '../../../charts/lanes';
import { glyphsOf } from '../../../replay/action_glyphs';
import type { Glyph } from '../../../ui/glyph';
import { leafSpace } from '../roles';

/** Choices that exclude each other: all of a discrete action, those of one part of a multi-discrete one. */
export interface ChoiceGroup {
  /** Empty where there is one group only. */
  title: string;
  from: number;
  count: number;
}

/** The lanes of a policy over a discrete action. */
export interface Choices {
  names: string[];
  /** One a choice; empty where names say it all. */
  glyphs: Glyph[];
  groups: ChoiceGroup[];
  /** Which of them were taken, given the action as it was logged; empty when that is not known. */
  taken: (action: ArrayLike<number> | null) => ReadonlySet<number>;
}

/** The choices of `action` (`action`, or a part of a nested one) when the policy has `count` numbers. */
export function choicesOf(env: EnvSpec | null, action: string, count: number): Choices {
  const root = env?.action_space ?? null;
  const space = root ? leafSpace(root, action.split('/').slice(1)) : null;
  const isRoot = action === 'action';
  const meanings = isRoot ? (env?.action_meanings ?? []) : [];
  const groups = groupsOf(space, count);
  const start = space?.type === 'discrete' ? space.start : 0;
  const names = Array.from({ length: count }, (_, i) => {
    if (groups.length > 1) {
      const group = groups.find(({ from, count: of }) => i < from + of)!;
      return String(i - group.from);
    }
    return meanings[i] || (space?.type === 'multi_binary' ? `switch ${i}` : `action ${i + start}`);
  });
  const glyphs = groups.length > 1 || !meanings.some(Boolean) ? [] : glyphsOf(names, env?.action_glyphs);
  return { names, glyphs, groups, taken: (values) => takenOf(space, groups, start, count, values) };
}

/** How the entries of a row of `count` numbers are divided. */
export function groupsOf(space: Space | null, count: number): ChoiceGroup[] {
  if (space?.type === 'multi_discrete' && space.nvec.reduce((sum, n) => sum + n, 0) === count) {
    let from = 0;
    return space.nvec.map((n, part) => {
      const group = { title: `choice ${part}`, from, count: n };
      from += n;
      return group;
    });
  }
  return [{ title: '', from: 0, count }];
}

function takenOf(
  space: Space | null,
  groups: readonly ChoiceGroup[],
  start: number,
  count: number,
  action: ArrayLike<number> | null,
): ReadonlySet<number> {
  const taken = new Set<number>();
  if (!action) return taken;
  if (space?.type === 'multi_binary') {
    for (let i = 0; i < Math.min(count, action.length); i++) if (action[i] === 1) taken.add(i);
    return taken;
  }
  if (action.length !== groups.length) return taken;
  groups.forEach(({ from, count: of }, part) => {
    const index = action[part]! - start;
    if (Number.isInteger(index) && index >= 0 && index < of) taken.add(from + index);
  });
  return taken;
}

/** The largest of each group. */
export function bestOf(groups: readonly ChoiceGroup[], values: ArrayLike<number>): ReadonlySet<number> {
  const best = groups.map(({ from, count }) => indexOfLargest(values, from, from + count));
  return new Set(best.filter((index) => index !== null));
}

/** More lanes than this are not shown at once unless asked for. */
export const TOP = 20;

/**
 * The lanes to show: all in their order under headings, or the `TOP` largest, largest first, with the one taken even when it is
 * not among them.
 */
export function lanesOf(
  { names, groups }: Pick<Choices, 'names' | 'groups'>,
  colourOf: (index: number) => string,
  top: { values: ArrayLike<number>; taken: ReadonlySet<number> } | null,
): Lane[] {
  const lane = (index: number): Lane => ({ index, label: names[index]!, colour: colourOf(index) });
  if (!top) {
    return groups.flatMap(({ title, from, count }) => [
      ...(title ? [heading(title)] : []),
      ...Array.from({ length: count }, (_, i) => lane(from + i)),
    ]);
  }
  const { values, taken } = top;
  const rank = (index: number) => (Number.isNaN(values[index] ?? NaN) ? -Infinity : values[index]!);
  const order = names.map((_, index) => index).toSorted((a, b) => rank(b) - rank(a) || a - b);
  const shown = order.slice(0, TOP);
  for (const index of taken) if (!shown.includes(index)) shown[shown.length - 1] = index;
  return shown.map(lane);
}
