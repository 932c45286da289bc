import type { RunDetail } from '../../api/wire';
import type { RunLine } from '../../curves/lines';
import type { ChartItem } from '../../curves/tags';
import { inkOfSlot, type Look } from '../../theme/palette';
import { parseField } from '../fields';

/** The charted thing that a field is; null when it is none. */
export function itemOf(field: string): ChartItem | null {
  const ref = parseField(field);
  if (!ref) return null;
  const { from, axis, name } = ref;
  if (from === 'episode')
    return { key: field, title: name, tag: name, axis: 'global_step', from: 'episodes' };
  return { key: field, title: name, tag: name, axis, from: 'scalars' };
}

/** Whether a run has it. */
export function hasItem(detail: RunDetail, item: ChartItem): boolean {
  return item.from === 'episodes'
    ? detail.episode_count > 0
    : detail.scalars.some(({ tag, axis }) => tag === item.tag && axis === item.axis);
}

/**
 * Lines of several fields told apart: of one run by colour; of several runs the colour stays that of the run, and each field has
 * dashes of its own.
 */
export function toldApart(line: RunLine, item: ChartItem, at: number, runs: number, look: Look): RunLine {
  const id = `${item.key} ${line.id}`;
  if (runs <= 1) return { ...line, id, label: item.title, ink: inkOfSlot(at, look) };
  return {
    ...line,
    id,
    label: `${line.label} · ${item.title}`,
    ink: { ...line.ink, dash: DASHES[at % DASHES.length] },
  };
}

const DASHES: readonly (readonly number[])[] = [[], [7, 3], [2, 3], [9, 3, 2, 3]];
