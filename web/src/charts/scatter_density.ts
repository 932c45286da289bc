/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/** Faintest shade of a pixel that holds a point: still seen on either background. */
const ALPHA_MIN = 90;

/**
 * Shades an image by how many points fall on each pixel: as dark as the logarithm of their number, in the mean of their colours.
 * A million points take a few hundredths of a second, and none hides another.
 *
 * `pixels` is an image of `width` × `height`, RGBA; `x` and `y` are in its pixels, NaN for points without a place.
 */
export function shadeDensity(
  pixels: Uint8ClampedArray,
  width: number,
  height: number,
  x: Float32Array,
  y: Float32Array,
  colourOf: (point: number) => Rgb | null,
): void {
  const counts = new Uint32Array(width * height);
  const sums = new Float64Array(width * height * 3);
  let most = 1;
  for (let i = 0; i < x.length; i++) {
    const [column, row] = [Math.floor(x[i]), Math.floor(y[i])];
    if (!(column >= 0 && column < width && row >= 0 && row < height)) continue;
    const colour = colourOf(i);
    if (!colour) continue;
    const at = row * width + column;
    counts[at] += 1;
    if (counts[at] > most) most = counts[at];
    for (let part = 0; part < 3; part++) sums[at * 3 + part] += colour[part];
  }
  const scale = most > 1 ? (255 - ALPHA_MIN) / Math.log(most) : 0;
  for (let at = 0; at < counts.length; at++) {
    const count = counts[at];
    if (count === 0) continue;
    for (let part = 0; part < 3; part++) pixels[at * 4 + part] = sums[at * 3 + part] / count;
    pixels[at * 4 + 3] = ALPHA_MIN + Math.log(count) * scale;
  }
}
