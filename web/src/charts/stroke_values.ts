import { minMaxColumns, pixelFromStep } from './step_scale';

/** A line through values at the places 0 to `end` over `width` pixels; every extreme stays where there are more places than pixels. */
export function strokeValues(
  context: CanvasRenderingContext2D,
  values: ArrayLike<number>,
  end: number,
  width: number,
  y: (value: number) => number,
): void {
  context.beginPath();
  if (end < width) joinNeighbours(context, values, end, width, y);
  else joinColumns(context, values, end, width, y);
  context.stroke();
}

/** Joins neighbours; a value on its own is a dot, because a line of no length would not be seen. */
function joinNeighbours(
  context: CanvasRenderingContext2D,
  values: ArrayLike<number>,
  end: number,
  width: number,
  y: (value: number) => number,
): void {
  const scale = { from: 0, to: end, width };
  let open = false;
  for (let at = 0; at < values.length; at++) {
    const value = values[at]!;
    if (!Number.isFinite(value)) {
      open = false;
      continue;
    }
    const x = pixelFromStep(scale, at);
    if (open) context.lineTo(x, y(value));
    else context.moveTo(x, y(value));
    if (!open && !Number.isFinite(values[at + 1] ?? NaN)) context.fillRect(x - 1, y(value) - 1, 2, 2);
    open = true;
  }
}

/** One stroke a column of pixels, from its first value by its largest and smallest to its last. */
function joinColumns(
  context: CanvasRenderingContext2D,
  values: ArrayLike<number>,
  end: number,
  width: number,
  y: (value: number) => number,
): void {
  const columns = Math.max(1, Math.floor(width));
  const thin = minMaxColumns(values, 0, 0, end, columns);
  const gap = width / Math.max(1, columns - 1);
  let open = false;
  for (let i = 0; i < columns; i++) {
    if (thin.count[i] === 0) {
      open = false;
      continue;
    }
    const x = i * gap;
    const first = y(thin.first[i]!);
    if (open) context.lineTo(x, first);
    else context.moveTo(x, first);
    if (thin.count[i]! > 1) {
      context.lineTo(x, y(thin.max[i]!));
      context.lineTo(x, y(thin.min[i]!));
      context.lineTo(x, y(thin.last[i]!));
    } else if (!open && !thin.count[i + 1]) context.fillRect(x - 1, first - 1, 2, 2);
    open = true;
  }
}
