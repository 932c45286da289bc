import type { FieldEntry } from '../api/wire';
import type { FrameGroup } from '../workers/frame_group';
import { thumbnailOf, type Plane, type Thumbnail } from '../workers/frame_paint';
import type { FrameHit } from './frame_cache';
import type { Want } from './frame_source';
import type { PictureSource } from './picture_source';
import type { FetchRows, Row, RowStore } from './row_store';

/** Groups of one picture that are kept: those around the playhead. */
const KEPT = 16;

/** How the numbers of a row lie in a picture. */
interface Layout {
  height: number;
  width: number;
  channels: number;
  /** Planes that come first; 0 when a row is one picture. */
  stack: number;
}

/** How a row of this shape is a picture: H×W, H×W×C, S×H×W or S×H×W×C; null when it is none. As the store tells them apart. */
export function layoutOf(shape: readonly number[], stackAxis: number | null): Layout | null {
  const [a, b, c, d] = shape;
  if (shape.some((length) => length < 1)) return null;
  if (shape.length === 2) return { height: a, width: b, channels: 1, stack: 0 };
  if (shape.length === 3 && stackAxis !== 0 && (c <= 4 || c < a)) {
    return { height: a, width: b, channels: c, stack: 0 };
  }
  if (shape.length === 3) return { height: b, width: c, channels: 1, stack: a };
  if (shape.length === 4 && d <= 4) return { height: b, width: c, channels: d, stack: a };
  return null;
}

/**
 * Pictures whose samples are no bytes, or so few that they lie among the other rows: numbers from a smallest (black) to a largest (white).
 * The bounds are those given; without, 0 and 1 if no number lies outside, else the extremes of the rows that came so far.
 */
export class RowPictures implements PictureSource {
  readonly #layout: Layout;
  readonly #groups = new Map<number, FrameGroup>();
  #scale: [number, number] | null = null;

  /** The field must be one that `layoutOf` understands. */
  constructor(
    private readonly field: FieldEntry,
    private readonly store: RowStore,
    private readonly bounds: readonly [number, number] | null,
    private readonly fetchRows: FetchRows,
  ) {
    const layout = layoutOf(field.shape, field.stack_axis);
    if (!layout) throw new Error(`field ${field.name} of shape ${field.shape.join('×')} is no picture`);
    this.#layout = layout;
  }

  get error(): Error | null {
    return this.store.error;
  }

  get scale(): readonly [number, number] | null {
    return this.field.dtype === 'uint8' ? null : (this.#scale ?? this.#scaleNow());
  }

  get(step: number): FrameHit | null {
    const row = this.store.get(step);
    if (!row?.valid) return null;
    const scale = this.#scaleNow();
    // Rows that came later may be darker or brighter: then all are drawn anew.
    if (this.#scale?.[0] !== scale[0] || this.#scale[1] !== scale[1]) this.#groups.clear();
    this.#scale = scale;
    let group = this.#groups.get(step);
    if (!group) {
      group = this.#groupOf(row.values, scale);
      this.#groups.set(step, group);
      if (this.#groups.size > KEPT) this.#groups.delete(this.#groups.keys().next().value!);
    }
    return { group, row: 0, first: step };
  }

  isAbsent(step: number): boolean {
    return this.store.get(step)?.valid === false;
  }

  want(step: number, { direction }: Want): void {
    this.store.want(step, direction);
  }

  samples(step: number, view: Plane, x: number, y: number): number[] | null {
    const row: Row | null = this.store.get(step);
    if (!row?.valid) return null;
    const { height, width, channels, stack } = this.#layout;
    const pixel = y * width + x;
    const plane = (index: number) => row.values[index * height * width + pixel];
    if (stack > 0 && channels === 1) {
      return view === 'colour' ? Array.from({ length: stack }, (_, i) => plane(i)) : [plane(view)];
    }
    const at = ((stack > 0 && view !== 'colour' ? view * height * width : 0) + pixel) * channels;
    const samples = [...row.values.subarray(at, at + channels)];
    return stack === 0 && typeof view === 'number' && channels > 1 && channels !== 3
      ? [samples[view]]
      : samples;
  }

  async thumbnail(step: number, plane: Plane, side: number): Promise<Thumbnail | null> {
    const known = this.store.get(step);
    const rows = known ? null : await this.fetchRows(step, step + 1, new AbortController().signal);
    const row = known ?? { values: rows!.values, valid: rows!.valid?.[0] !== 0 && rows!.rows > 0 };
    return row.valid ? thumbnailOf(this.#groupOf(row.values, this.#scaleNow()), 0, plane, side) : null;
  }

  #scaleNow(): [number, number] {
    if (this.field.dtype === 'uint8') return [0, 255];
    if (this.field.dtype === 'bool') return [0, 1];
    if (this.bounds) return [this.bounds[0], this.bounds[1]];
    const [low, high] = this.store.extent() ?? [0, 1];
    if (low >= 0 && high <= 1) return [0, 1];
    return low < high ? [low, high] : [low, low + 1];
  }

  #groupOf(values: ArrayLike<number>, [low, high]: [number, number]): FrameGroup {
    const { height, width, channels, stack } = this.#layout;
    const pictureBytes = height * width * channels;
    const pictures = new Uint8Array(pictureBytes * Math.max(1, stack));
    const factor = 255 / (high - low);
    for (let i = 0; i < pictures.length; i++) {
      pictures[i] = Math.min(255, Math.max(0, Math.round((values[i]! - low) * factor)));
    }
    return {
      count: 1,
      height,
      width,
      channels,
      layout: stack > 0 ? 'planes_first' : 'picture',
      stack,
      palette: null,
      pictures,
      pictureBytes,
      planes: stack > 0 ? Uint16Array.from({ length: stack }, (_, plane) => plane) : null,
    };
  }
}
