import type { FieldEntry } from '../api/wire';
import type { FrameHit } from './frame_cache';
import { planesOfRow, type FrameGroup } from '../workers/frame_group';
import { layoutOf } from './row_pictures';
import { paintRow, type Plane, type Thumbnail } from '../workers/frame_paint';

/** What of a row is shown: one plane, its colours, or all planes side by side. */
export type View = Plane | 'all';

/** Pixels between planes that stand side by side. */
export const PLANE_GAP = 2;

/** How many planes a reader can choose from: a stack has several, a colour picture one. */
export function planesOf(field: FieldEntry): number {
  const { shape, stack_axis: axis } = field;
  // A rendered frame is no stack: its four channels are RGBA, whatever they look like to the store.
  if (field.name === 'frame' && shape.length === 3 && shape[2] === 4) return 1;
  if (axis !== null && axis !== undefined) return shape[axis] ?? 1;
  if (shape.length === 4) return shape[0];
  if (shape.length !== 3) return 1;
  const [first, , last] = shape;
  // Three axes without a word on which is the stack: planes first when the first is short, else channels; one and three are colours,
  // four of an observation are a stack.
  if (last > 4 && last >= first) return first;
  return last === 1 || last === 3 ? 1 : last;
}

/** Whether the planes of a row can be looked at together as one colour picture: red, green and blue, and perhaps alpha. */
export function hasColours(field: FieldEntry): boolean {
  const planes = planesOf(field);
  return field.shape.length === 3 && (planes === 3 || planes === 4);
}

/**
 * The view that the address asks for. Otherwise three planes are colours, for stacks of three are rare; of other stacks the newest plane
 * is shown.
 */
export function viewOf(field: FieldEntry, param: string | null): View {
  const planes = planesOf(field);
  if (planes === 1) return 'colour';
  if (param === 'all') return 'all';
  if (param === 'colour' && hasColours(field)) return 'colour';
  const plane = Number(param);
  if (param && Number.isInteger(plane) && plane >= 0 && plane < planes) return plane;
  return planes === 3 && field.stack_axis !== 2 ? 'colour' : planes - 1;
}

/** Sides of this length make a picture whatever the field is called. */
const SIDE_MIN = 8;

/** Whether rows of numbers can be looked at as pictures: by their name, or because both sides are long enough. */
export function isPicture(field: FieldEntry): boolean {
  if (field.image) return true;
  if (field.axis !== 'step' || field.dtype === null) return false;
  const layout = layoutOf(field.shape, field.stack_axis);
  if (!layout) return false;
  return field.name === 'frame' || Math.min(layout.height, layout.width) >= SIDE_MIN;
}

/** Planes of a row as the group has them. `'colour'` needs them only when it asks for one. */
function columnsOf(group: FrameGroup, view: View): number {
  return view === 'all' ? planesOfRow(group) : 1;
}

export function sizeOf(group: FrameGroup, view: View): { width: number; height: number } {
  const columns = columnsOf(group, view);
  return { width: group.width * columns + PLANE_GAP * (columns - 1), height: group.height };
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
    const left = plane * (group.width + PLANE_GAP);
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
