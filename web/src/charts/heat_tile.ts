import { drawHeat, type HeatLook, type Part } from './heat_overlay';
import type { OverlayCells } from './heat_cells';

/** A picture as packed RGBA, one number a pixel. */
export interface TilePicture {
  width: number;
  height: number;
  pixels: Uint32Array;
}

/**
 * Paints a picture with an overlay over all of it or a part, pixel for pixel, into a canvas of its own: for small tiles and for files.
 * Without a picture the overlay stands alone.
 */
export function paintTile(
  canvas: HTMLCanvasElement,
  picture: TilePicture | null,
  cells: readonly (OverlayCells | null)[],
  look: HeatLook,
  host: Element,
  part: Part = { x: 0, y: 0, width: 1, height: 1 },
): void {
  const one = cells.find(Boolean);
  const [width, height] = [picture?.width ?? one?.width ?? 0, picture?.height ?? one?.height ?? 0];
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  if (!context || width === 0 || height === 0) return;
  if (picture && look.blend !== 'alone') {
    const image = new ImageData(width, height);
    new Uint32Array(image.data.buffer).set(picture.pixels.subarray(0, width * height));
    if (look.blend === 'grey' || look.blend === 'heads') greyOut(image.data);
    context.putImageData(image, 0, 0);
  }
  if (!one) return;
  const over = document.createElement('canvas');
  over.width = one.width;
  over.height = one.height;
  const pen = over.getContext('2d');
  if (!pen) return;
  drawHeat(pen, cells, look, host);
  context.imageSmoothingEnabled = false;
  context.globalCompositeOperation = look.blend === 'heads' ? 'lighter' : 'source-over';
  context.drawImage(over, part.x * width, part.y * height, part.width * width, part.height * height);
}

/** Luminance of each pixel in place of its colours, as the CSS filter `grayscale` has it. */
export function greyOut(data: Uint8ClampedArray): void {
  for (let i = 0; i < data.length; i += 4) {
    const grey = 0.2126 * data[i]! + 0.7152 * data[i + 1]! + 0.0722 * data[i + 2]!;
    data[i] = data[i + 1] = data[i + 2] = grey;
  }
}
