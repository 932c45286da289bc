/** Colours for numbers: how far a value is along one colour, or to either side of zero. */

/** Red, green and blue, 0 to 255. */
export type Rgb = readonly [number, number, number];

/** Reads `#rrggbb`, as all tokens are written, and `#rgb`, to which builds shorten them; black where it is neither. */
export function rgbOf(colour: string): Rgb {
  const long = colour.trim().replace(/^#([\da-f])([\da-f])([\da-f])$/i, '#$1$1$2$2$3$3');
  const match = /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i.exec(long);
  return match ? [parseInt(match[1], 16), parseInt(match[2], 16), parseInt(match[3], 16)] : [0, 0, 0];
}

/** 256 colours from one to another, mixed in linear light so that halfway looks halfway. */
export function ramp(from: Rgb, to: Rgb): Uint8ClampedArray {
  const colours = new Uint8ClampedArray(256 * 3);
  for (let i = 0; i < 256; i += 1) {
    const t = i / 255;
    for (let channel = 0; channel < 3; channel += 1) {
      const mixed = linear(from[channel]) * (1 - t) + linear(to[channel]) * t;
      colours[i * 3 + channel] = 255 * mixed ** (1 / 2.2);
    }
  }
  return colours;
}

function linear(channel: number): number {
  return (channel / 255) ** 2.2;
}

/** How values become colours. */
export interface ColourScale {
  /** Values that get the first and the last colour. */
  low: number;
  high: number;
  /** Zero has the colour of the page; what is below and above it differ. */
  diverging: boolean;
}

/** Index of the colour of a value: 0 to 255, negative below zero of a diverging scale; null for what is no number. */
export function colourIndex({ low, high, diverging }: ColourScale, value: number): number | null {
  if (Number.isNaN(value)) return null;
  if (diverging) {
    const reach = Math.max(Math.abs(low), Math.abs(high)) || 1;
    return Math.round(255 * Math.min(1, Math.max(-1, value / reach)));
  }
  return Math.round(255 * Math.min(1, Math.max(0, (value - low) / (high - low || 1))));
}
