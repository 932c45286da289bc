import { CELL } from './cloud_paint';

/** A point as one cell of the density: how much it weighs, and its colour times that. */
export const POINTS = `#version 300 es
precision highp float;
in float x, y, z, colour, alpha, stand;
uniform vec4 right, down;
uniform vec2 size, cells;
uniform bool dim;
uniform sampler2D palette;
out vec4 share;
void main() {
  vec4 place = vec4(x, y, z, 1.0);
  vec2 pixel = vec2(dot(right, place), dot(down, place));
  bool placed = !isnan(pixel.x) && !isnan(pixel.y);
  bool inside = all(greaterThanEqual(pixel, vec2(0.0))) && all(lessThan(pixel, size));
  bool shown = stand > 0.5 && (stand < 1.5) == dim;
  gl_PointSize = 1.0;
  if (!(placed && inside && shown)) {
    gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
    share = vec4(0.0);
    return;
  }
  vec2 cell = floor(pixel / ${CELL.toFixed(1)}) + 0.5;
  gl_Position = vec4(2.0 * cell / cells - 1.0, 0.0, 1.0);
  float weight = (alpha + 1.0) / 256.0;
  share = vec4(weight, weight * texelFetch(palette, ivec2(int(colour + 0.5), 0), 0).rgb);
}`;

export const SHARE = `#version 300 es
precision highp float;
in vec4 share;
out vec4 sum;
void main() { sum = share; }`;

/** One triangle over all of the picture. */
export const FULL = `#version 300 es
void main() {
  gl_Position = vec4(vec2(gl_VertexID & 1, gl_VertexID >> 1) * 4.0 - 1.0, 0.0, 1.0);
}`;

/** A pass finds the largest of so many cells by so many. */
export const FOLD = 8;

/** The largest weight of some cells. */
export const MOST = `#version 300 es
precision highp float;
uniform sampler2D cells;
out vec4 most;
void main() {
  ivec2 size = textureSize(cells, 0);
  ivec2 from = ivec2(gl_FragCoord.xy) * ${FOLD};
  float found = 0.0;
  for (int row = 0; row < ${FOLD}; row++) {
    for (int column = 0; column < ${FOLD}; column++) {
      ivec2 at = from + ivec2(column, row);
      if (at.x < size.x && at.y < size.y) found = max(found, texelFetch(cells, at, 0).r);
    }
  }
  most = vec4(found, 0.0, 0.0, 1.0);
}`;

/** Cells in the mean of their colours, shaded by the logarithm of their weights, as `shade` of `cloud_paint.ts` does. */
export const SHADE = `#version 300 es
precision highp float;
uniform sampler2D cells, most;
uniform vec2 shades;
uniform int height;
out vec4 colour;
void main() {
  ivec2 pixel = ivec2(int(gl_FragCoord.x), height - 1 - int(gl_FragCoord.y));
  vec4 sum = texelFetch(cells, pixel / ${CELL}, 0);
  if (sum.r <= 0.0) discard;
  float largest = texelFetch(most, ivec2(0), 0).r;
  float per = (shades.y - shades.x) / log(1.0 + (largest > 0.0 ? largest : 1.0));
  float part = (shades.x + log(1.0 + sum.r) * per) * min(1.0, 1.5 * sum.r);
  colour = vec4(sum.gba / sum.r, part);
}`;
