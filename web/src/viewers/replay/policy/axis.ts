import type { Scale } from '../../../charts/lanes';
import { overall } from '../../../replay/extents';
import type { Router } from '../../../state/router.svelte';
import { value } from '../../../theme/format';
import type { Session } from '../session.svelte';

/** An axis, and in words where its ends come from. */
export interface Axis {
  scale: Scale;
  note: string;
}

/** `fixed` is the same at every step of the episode; `auto` fits the step. */
export type AxisMode = 'fixed' | 'auto';

/** The mode that the address asks for. */
export function axisMode(router: Pick<Router, 'param'>): AxisMode {
  return router.param('axis') === 'auto' ? 'auto' : 'fixed';
}

/** The axis over one or several fields that share it. */
export function axisOver(session: Session, fields: readonly string[]): Axis {
  const known = fields.map((field) => session.extents.get(field));
  const whole = known.every((extents) => extents !== null);
  const ends = fields
    .map((field, i) => (known[i] ? overall(known[i]) : (session.rows(field)?.extent() ?? null)))
    .filter((found) => found !== null);
  const scale = widened(Math.min(...ends.map(([low]) => low)), Math.max(...ends.map(([, high]) => high)));
  return { scale, note: said(scale, whole ? 'fixed over the episode' : 'over the steps read so far') };
}

/** The axis that fits these numbers. */
export function axisOfStep(values: ArrayLike<number> | null): Axis {
  let [low, high] = [Infinity, -Infinity];
  for (const number of Array.from(values ?? [])) {
    if (!Number.isFinite(number)) continue;
    low = Math.min(low, number);
    high = Math.max(high, number);
  }
  const scale = widened(low, high);
  return { scale, note: said(scale, 'fits each step') };
}

/** An axis whose ends are known beforehand. */
export function axisBetween(low: number, high: number, why: string): Axis {
  return { scale: [low, high], note: said([low, high], why) };
}

/** Without numbers 0 to 1; around a single number as far as it is from zero. */
function widened(low: number, high: number): Scale {
  if (!(low <= high)) return [0, 1];
  if (low < high) return [low, high];
  return low === 0 ? [0, 1] : [Math.min(0, low), Math.max(0, high)];
}

function said([low, high]: Scale, why: string): string {
  return `axis ${value(low, 3)} to ${value(high, 3)}, ${why}`;
}
