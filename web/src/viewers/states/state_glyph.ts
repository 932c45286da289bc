/** How far a number of the state reaches over all points. */
export type Reach = readonly [low: number, high: number];

/** Colours of a glyph: its ground, what is above zero, and what below. */
export interface GlyphInk {
  ground: string;
  above: string;
  below: string;
}

/** A bar of a glyph, in parts of the side: from the top of the picture down. */
export interface GlyphBar {
  left: number;
  width: number;
  top: number;
  height: number;
  isAbove: boolean;
}

/** The smallest and largest finite number of a column; null when there is none. */
export function reachOf(values: ArrayLike<number>): Reach | null {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (!Number.isFinite(value)) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return low <= high ? [low, high] : null;
}

/**
 * The numbers of a state side by side, a bar each, from zero, or from the end of the reach that is nearer to it. Each has a scale of its own,
 * from the smallest to the largest of all points. A number that is missing has no bar; one that is the same everywhere stands at the middle.
 */
export function barsOf(values: readonly number[], reaches: readonly (Reach | null)[]): GlyphBar[] {
  const wide = 1 / values.length;
  return values.flatMap((value, i) => {
    const reach = reaches[i];
    if (!reach || Number.isNaN(value)) return [];
    const [low, high] = reach;
    const place = (at: number) => (high > low ? Math.min(1, Math.max(0, (at - low) / (high - low))) : 0.5);
    const [from, to] = [place(Math.min(high, Math.max(low, 0))), place(value)];
    const [lower, upper] = [Math.min(from, to), Math.max(from, to)];
    // Also what lies at zero is seen.
    const height = Math.max(upper - lower, 0.04);
    const top = Math.min(1 - height, Math.max(0, 1 - upper));
    return { left: i * wide, width: wide, top, height, isAbove: value >= 0 };
  });
}

/** Draws the bars of a state as a picture. */
export function glyphOf(bars: readonly GlyphBar[], side: number, ink: GlyphInk): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = side;
  const context = canvas.getContext('2d');
  if (!context) return canvas;
  context.fillStyle = ink.ground;
  context.fillRect(0, 0, side, side);
  for (const { left, width, top, height, isAbove } of bars) {
    context.fillStyle = isAbove ? ink.above : ink.below;
    const gap = Math.min(2, (width * side) / 4);
    context.fillRect(left * side + gap / 2, top * side, width * side - gap, height * side);
  }
  return canvas;
}
