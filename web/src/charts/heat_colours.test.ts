import { expect, it } from 'vitest';

import { COLOUR_MAPS, type ColourMapName } from '../theme/colour_maps';
import tokens from '../theme/tokens.css?raw';
import { overlayCells } from './heat_cells';
import { BLENDS, heatColours, paintHeads, paintHeat } from './heat_colours';
import { SIGNS } from './heat_scale';
import { rgbOf } from './ramp';

const VALUES = [-1, -0.7, -0.3, -0.001, 0, 0.05, 0.2, 0.6, 1];
const OPACITY = 0.8;

const hex = (bytes: ArrayLike<number>) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** A colour of the light page. */
function token(name: string): string {
  const light = /:root\[data-theme='light'\] \{([^}]*)/.exec(tokens)?.[1] ?? '';
  return new RegExp(`--${name}: (#[0-9a-f]{6});`).exec(light)?.[1] ?? '';
}

const ink = { warm: token('warm'), cold: token('cold'), surface: token('surface') };
const cells = { height: 1, width: VALUES.length, values: Float32Array.from(VALUES), reach: 1 };

function lines(): string[] {
  const names = Object.keys(COLOUR_MAPS) as ColourMapName[];
  const out = Array.from(VALUES, () => 0).flatMap(() => [0, 0, 0, 0]);
  const painted = new Uint8ClampedArray(out);
  const pure = { warm: rgbOf(ink.warm), cold: rgbOf(ink.cold) };
  const told = names.map((name) => {
    const { diverging, table } = heatColours(name, ink);
    return `table ${name} ${diverging} ${hex(table)}`;
  });
  for (const name of names)
    for (const blend of BLENDS) {
      if (blend === 'heads') continue;
      const colours = heatColours(name, ink);
      paintHeat(cells, colours, name === 'page' ? pure : null, blend, OPACITY, painted);
      told.push(`paint ${name} ${blend} ${hex(painted)}`);
    }
  paintHeads(cells, null, OPACITY, painted);
  told.push(`heads ${hex(VALUES.map((_, i) => painted[4 * i + 2]!))}`);
  // Numbers of two planes of 3 × 4, over 9 × 8 pixels.
  const numbers = Float32Array.from({ length: 24 }, (_, at) => (((at * 37) % 101) - 50) * ((at % 5) + 0.5));
  for (const sign of SIGNS)
    for (const outliers of [0, 5, 30]) {
      const found = overlayCells(
        { values: numbers, scale: 1, shape: [2, 3, 4], wrtShape: [2, 9, 8] },
        { sign, outliers, smooth: false, plane: 'sum' },
      );
      told.push(`heat ${sign} ${outliers} ${hex(new Uint8Array(found!.values.buffer))}`);
    }
  return told;
}

it('has the colours that films have (crates/ethogram_video)', async () => {
  const head =
    '# What the browser makes of numbers over a picture; written by web/src/charts/heat_colours.test.ts.\n';
  await expect(`${head}${lines().join('\n')}\n`).toMatchFileSnapshot(
    '../../../crates/ethogram_video/testdata/heat_colours.txt',
  );
});
