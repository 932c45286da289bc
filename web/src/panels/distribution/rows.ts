import type { Histograms } from '../../api/histograms';
import { heightsOf, type HistogramBars, type HistogramScale } from '../../charts/histogram';
import { parseField } from '../fields';

/** One row of the answer as bars. */
export function barsOf({ edges, counts, below, above }: Histograms, row: number): HistogramBars {
  const bins = edges.length - 1;
  const own = counts.subarray(row * bins, (row + 1) * bins);
  let total = below[row] + above[row];
  for (const count of own) total += count;
  return { edges, counts: own, total };
}

/** Heights of the bars of all rows, one row after the other, and the largest of them. */
export function allHeights(
  answer: Histograms,
  scale: HistogramScale,
): { heights: Float64Array; top: number } {
  const bins = answer.edges.length - 1;
  const heights = new Float64Array(answer.step.length * bins);
  let top = 0;
  for (let row = 0; row < answer.step.length; row += 1) {
    const own = heightsOf(barsOf(answer, row), scale);
    heights.set(own, row * bins);
    for (const height of own) top = Math.max(top, height);
  }
  return { heights, top };
}

/** How the counts came to be, for the chart. */
export function howCounted({ counted, step, logged }: Histograms, scalar: boolean): string {
  if (scalar) return `${logged.toLocaleString('en')} points in ${step.length} parts of the axis`;
  const rows =
    step.length < logged
      ? `${step.length} of ${logged.toLocaleString('en')} rows, evenly picked`
      : `${logged.toLocaleString('en')} row${logged === 1 ? '' : 's'}`;
  const how = {
    values: 'every value counted',
    as_logged: 'bins as logged',
    spread: 'logged bins spread evenly onto these',
  };
  return `${rows}, ${how[counted]}`;
}

/** What to ask the server for; null when the text is no field. */
export function askOf(
  field: string,
): { axis: 'global_step' | 'episode' | 'step' | 'checkpoint' | 'sample'; tag: string } | null {
  const ref = parseField(field);
  if (!ref) return null;
  if (ref.from === 'episode')
    return { axis: 'episode', tag: ref.name === 'length' ? 'episode_length' : ref.name };
  return { axis: ref.axis, tag: ref.name };
}
