import type { FieldEntry } from '../api/wire';
import type { FrameHit } from './frame_cache';
import { planesOfRow, type FrameGroup } from '../workers/frame_group';
import { paintRow, type Plane, type Thumbnail } from '../workers/frame_paint';

/** What of a row is shown: one plane, its colours, or all planes side by side. */
export type View = Plane | 'all';

/** Pixels between planes that stand side by side. */
const GAP = 2;

/** How many planes a reader can choose from: a stack has several, a colour picture one. */
export function planesOf(field: FieldEntry): number {
  const { shape, stack_axis: axis } = field;
  if (axis !== null && axis !== undefined) return shape[axis] ?? 1;
  if (shape.length === 4) return shape[0];
  if (shape.length !== 3) return 1;
  const [first, , last] = shape;
  // Three axes without a word on which is the stack: planes first when the first is short, else channels; one, three are colours,
  // four are RGBA in a rendered frame and a stack in an observation.
  if (last > 4 && last >= first) return first;
  if (last === 4) return field.name === 'frame' ? 1 : 4;
  return last === 1 || last === 3 ? 1 : last;
}

/** The view that the address asks for; the newest plane of a stack otherwise. */
export function viewOf(field: FieldEntry, param: string | null): View {
  const planes = planesOf(field);
  if (planes === 1) return 'colour';
  if (param === 'all') return 'all';
  const plane = Number(param);
  return param !== null && Number.isInteger(plane) && plane >= 0 && plane < planes ? plane : planes - 1;
}

/** Planes of a row as the group has them. `'colour'` needs them only when it asks for one. */
function columnsOf(group: FrameGroup, view: View): number {
  return view === 'all' ? planesOfRow(group) : 1;
}

export function sizeOf(group: FrameGroup, view: View): { width: number; height: number } {
  const columns = columnsOf(group, view);
  return { width: group.width * columns + GAP * (columns - 1), height: group.height };
}

/** Paints a step into `out`, as large as `sizeOf` says. */
export function paintView({ group, row }: FrameHit, view: View, out: Uint32Array): void {
  if (view !== 'all') {
    const plane = typeof view === 'number' ? Math.min(view, planesOfRow(group) - 1) : view;
    paintRow(group, row, plane, out);
    return;
  }
  const { width } = sizeOf(group, view);
  const one = new Uint32Array(group.width * group.height);
  out.fill(0);
  for (let plane = 0; plane < planesOfRow(group); plane++) {
    paintRow(group, row, plane, one);
    const left = plane * (group.width + GAP);
    for (let y = 0; y < group.height; y++) {
      out.set(one.subarray(y * group.width, (y + 1) * group.width), y * width + left);
    }
  }
}

/** Enlarges a thumbnail to the size of the picture it stands for. */
export function paintThumbnail(thumbnail: Thumbnail, width: number, height: number, out: Uint32Array): void {
  for (let y = 0; y < height; y++) {
    const from = Math.floor((y * thumbnail.height) / height) * thumbnail.width;
    for (let x = 0; x < width; x++)
      out[y * width + x] = thumbnail.rgba[from + Math.floor((x * thumbnail.width) / width)]!;
  }
}

/** The key in `steps` nearest to `step`, or null when there is none. */
export function nearestStep(steps: Iterable<number>, step: number): number | null {
  let best: number | null = null;
  for (const candidate of steps) {
    if (best === null || Math.abs(candidate - step) < Math.abs(best - step)) best = candidate;
  }
  return best;
}
