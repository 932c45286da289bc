import { expect, it } from 'vitest';

import { chartSvg, type Picture } from './picture';
import type { LineSeries } from './series';

const line = (over: Partial<LineSeries> = {}): LineSeries => ({
  id: 'a',
  label: 'A',
  colour: '#0272b1',
  dash: [],
  x: Float64Array.of(0, 5, 10),
  y: Float64Array.of(0, 10, 5),
  low: null,
  high: null,
  smooth: null,
  ...over,
});
const picture = (over: Partial<Picture> = {}): Picture => ({
  title: 'losses/td',
  subtitle: 'EMA 0.6',
  series: [line()],
  x: [0, 10],
  y: [0, 10],
  xLog: false,
  log: false,
  kind: 'step',
  xLabel: 'global step',
  width: 400,
  height: 200,
  ink: { surface: '#fff', ink: '#000', soft: '#333', faint: '#666', grid: '#eee', font: 'sans-serif' },
  ...over,
});

it('A-15: has title, legend, labels and the line where it lies', () => {
  const svg = chartSvg(picture());
  for (const text of ['>losses/td<', '>EMA 0.6<', '>global step<', '>A<']) expect(svg).toContain(text);
  // x from 46 to 386, y from 176 up to 8.
  expect(svg).toContain('d="M46 176L216 8L386 92"');
});

it('breaks the line where nothing is, and dots a point alone', () => {
  const svg = chartSvg(picture({ series: [line({ y: Float64Array.of(1, NaN, 5) })] }));
  expect(svg.match(/l0 0\.01/g)).toHaveLength(2);
});

it('keeps names text, whatever they say', () => {
  const svg = chartSvg(
    picture({ title: '<script>x</script>&"', series: [line({ label: '\u0000</text><g>' })] }),
  );
  expect(svg).not.toContain('<script>');
  expect(svg).not.toContain('</text><g>');
  expect(svg).not.toContain('\u0000');
});
