import type { RisingImage } from '../api/features';
import type { FieldEntry } from '../api/wire';
import { isPicture, viewOf } from '../replay/picture';
import { RowPictures } from '../replay/row_pictures';
import { RowStore } from '../replay/row_store';
import type { Thumbnail } from '../workers/frame_paint';

/** Pixels of the longer side: none is made smaller. */
const SIDE_MAX = 1024;

/** Images as pictures, as observations of the field are shown; null where the field is no picture. */
export async function drawnPictures(
  field: FieldEntry,
  images: readonly RisingImage[],
): Promise<Thumbnail[] | null> {
  if (!isPicture(field)) return null;
  const view = viewOf(field, null);
  const [low, high] = extremes(images);
  const bounds = low >= 0 && high <= 1 ? ([0, 1] as const) : ([low, Math.max(high, low + 1e-9)] as const);
  const drawn: Thumbnail[] = [];
  for (const { values } of images) {
    const fetchRows = () =>
      Promise.resolve({ first: 0, rows: 1, width: values.length, values, valid: null, text: null });
    const store = new RowStore(1, values.length, fetchRows, () => undefined);
    const pictures = new RowPictures({ ...field, image: false }, store, bounds, fetchRows);
    const one = await pictures.thumbnail(0, view === 'all' ? 0 : view, SIDE_MAX);
    if (one) drawn.push(one);
  }
  return drawn;
}

function extremes(images: readonly RisingImage[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const { values } of images) {
    for (const one of values) {
      if (one < low) low = one;
      if (one > high) high = one;
    }
  }
  return low <= high ? [low, high] : [0, 1];
}

/** Paints images of equal size in rows of so many, a pixel apart. */
export function paintDrawn(canvas: HTMLCanvasElement, drawn: readonly Thumbnail[], columns: number): void {
  const first = drawn[0];
  const context = canvas.getContext('2d');
  if (!first || !context) return;
  const gap = drawn.length > 1 ? 1 : 0;
  canvas.width = columns * (first.width + gap) - gap;
  canvas.height = Math.ceil(drawn.length / columns) * (first.height + gap) - gap;
  drawn.forEach(({ width, height, rgba }, i) => {
    const image = new ImageData(width, height);
    new Uint32Array(image.data.buffer).set(rgba);
    context.putImageData(image, (i % columns) * (width + gap), Math.floor(i / columns) * (height + gap));
  });
}
