import { paintCloud, type Painted, type Raster } from './cloud_paint';
import type { CloudPixels } from './cloud_pixels';
import type { CloudLook } from './cloud_points';
import type { Rgb } from './ramp';

/** Paints points on a canvas by the processor, so that the picture is the same with and without a graphics card. */
export class CloudCanvas {
  readonly element = document.createElement('canvas');
  #raster: (Raster & ImageData) | null = null;

  /** Null where only a sample has pixels and so few are in the picture that each is to be a dot, for which all are needed. */
  paint(
    pixels: CloudPixels,
    look: CloudLook,
    surface: Rgb,
    { width, height }: { width: number; height: number },
  ): Painted | null {
    const scale = window.devicePixelRatio || 1;
    const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
    const canvas = this.element;
    if (canvas.width !== w) canvas.width = w;
    if (canvas.height !== h) canvas.height = h;
    const context = canvas.getContext('2d')!;
    if (this.#raster?.width !== w || this.#raster.height !== h) this.#raster = context.createImageData(w, h);
    // Sharp screens have more pixels; the points stay where they are for everything else.
    const [px, py] =
      scale === 1
        ? [pixels.px, pixels.py]
        : [pixels.px.map((at) => at * scale), pixels.py.map((at) => at * scale)];
    const painted = paintCloud(this.#raster, px, py, pixels.depth, look, surface, scale, pixels.sample);
    if (painted) context.putImageData(this.#raster, 0, 0);
    return painted;
  }
}
