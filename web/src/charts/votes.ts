import { barOf } from './bars';
import type { ChartInk } from './ink';
import { fitCanvas } from './ink';
import { partOf, type LaneView, type Scale } from './lanes';

/** What the heads of an ensemble say of all actions at one step. */
export interface Heads {
  /** Head after head, an entry an action. NaN where there is none. */
  values: ArrayLike<number>;
  actions: number;
  /** The action that each head rates highest, −1 where it does not say. */
  choices: readonly number[];
  /** The head that acts, or null. */
  active: number | null;
}

const PAD = 2;

/** Height of one head's bar, and where it starts, within a lane of `height`. */
export function laneOfHead(head: number, heads: number, height: number): { top: number; size: number } {
  const room = height - 6;
  const size = room / Math.max(1, heads);
  return { top: 3 + head * size, size: Math.max(1, size - (size > 3 ? 1 : 0)) };
}

/**
 * A thin bar a head in the lane of every action. Bars of heads that would take the action are full, the others pale; that of the
 * head that acts is framed.
 */
export function paintVotes(
  { rows, canvas, height }: LaneView,
  heads: Heads | null,
  scale: Scale,
  colourOf: (action: number) => string,
  ink: ChartInk,
): void {
  if (!canvas) return;
  const width = canvas.clientWidth;
  const context = fitCanvas(canvas, width, rows.length * height);
  if (!context || width <= 2 * PAD || !heads) return;
  const room = width - 2 * PAD;
  const count = heads.choices.length;
  rows.forEach((element, row) => {
    const action = Number(element.dataset.lane);
    if (action < 0) return;
    const above = row * height;
    for (let head = 0; head < count; head++) {
      const bar = barOf(heads.values[head * heads.actions + action] ?? NaN, scale);
      const { top, size } = laneOfHead(head, count, height);
      context.fillStyle = ink.sunken;
      context.fillRect(PAD, above + top, room, size);
      if (!bar) continue;
      const [left, length] = [PAD + bar.left * room, Math.max(1, bar.width * room)];
      context.fillStyle = colourOf(action);
      context.globalAlpha = heads.choices[head] === action ? 1 : 0.35;
      context.fillRect(left, above + top, length, size);
      context.globalAlpha = 1;
      if (head === heads.active) {
        context.strokeStyle = ink.ink;
        context.lineWidth = 1.5;
        context.strokeRect(left - 0.5, above + top - 0.5, length + 1, size + 1);
      }
    }
    if (scale[0] < 0 && scale[1] > 0) {
      context.fillStyle = ink.faint;
      context.fillRect(PAD + partOf(0, scale) * room, above + 3, 1, height - 6);
    }
  });
}
