import { Axis } from './axis';
import { MARGIN, ticksOf } from './paint_axes';
import { DETAILED_MAX, stretches } from './paint_lines';
import type { Extent, LineSeries } from './series';
import type { LineX } from './ticks';

/** A chart as a file. */
export interface Picture {
  title: string;
  /** Under the title: how the lines were made, and what is not seen. */
  subtitle: string;
  series: readonly LineSeries[];
  x: Extent;
  y: Extent;
  xLog: boolean;
  log: boolean;
  kind: LineX;
  /** What x counts, in words. */
  xLabel: string;
  /** Of the plane with its axes, in CSS pixels. */
  width: number;
  height: number;
  ink: { surface: string; ink: string; soft: string; faint: string; grid: string; font: string };
}

const HEAD_PX = 48;
const ENTRY_PX = 18;
/** Pixels of a sign of the legend, about. */
const SIGN_PX = 6.4;
const PAD_PX = 10;

/**
 * A chart with its title, axes and legend as an SVG document. Text is text and lines are lines, so that it can go into a paper; nothing in
 * it comes from elsewhere.
 */
export function chartSvg(picture: Picture): string {
  const { width, height, series, ink, title, subtitle } = picture;
  const x = new Axis(picture.x, picture.xLog, MARGIN.left, width - MARGIN.right);
  const y = new Axis(picture.y, picture.log, height - MARGIN.bottom, MARGIN.top);
  const legend = legendOf(series, width);
  const axisLabel = 18;
  const total = HEAD_PX + height + axisLabel + legend.height + PAD_PX;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${total}" viewBox="0 0 ${width} ${total}" font-family="${escaped(ink.font)}" font-size="11">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" fill="${ink.surface}"/>`,
    text(PAD_PX, 20, title, ink.ink, 'start', 'font-size="15" font-weight="600"'),
    text(PAD_PX, 38, subtitle, ink.soft, 'start'),
    `<g transform="translate(0 ${HEAD_PX})">`,
    axes(x, y, picture),
    `<clipPath id="plane"><rect x="${x.start - 4}" y="${y.end}" width="${x.end - x.start + 8}" height="${y.start - y.end}"/></clipPath>`,
    `<g clip-path="url(#plane)" fill="none" stroke-linejoin="round">`,
    ...series.map((one) => band(one, x, y, series.length <= DETAILED_MAX)),
    ...series.map((one) => line(one, x, y, series.length <= DETAILED_MAX)),
    '</g>',
    text((x.start + x.end) / 2, height + 10, picture.xLabel, ink.soft, 'middle'),
    '</g>',
    `<g transform="translate(0 ${HEAD_PX + height + axisLabel})">`,
    ...legend.entries.map(({ left, top, one }) => entry(left, top, one, ink.soft)),
    '</g></svg>',
  ];
  return parts.join('\n');
}

/** The picture as PNG, `scale` times as many pixels. */
export async function pngOf(svg: string, scale: number): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(image.width * scale);
    canvas.height = Math.round(image.height * scale);
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise((resolve, reject) =>
      canvas.toBlob((blob) =>
        blob ? resolve(blob) : reject(new Error('the picture is too large for this browser')),
      ),
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}

function axes(x: Axis, y: Axis, { kind, ink }: Picture): string {
  const ticks = ticksOf(x, y, kind);
  const down = ticks.x.map(({ value }) => `M${px(x.pixelFromValue(value))} ${y.end}V${y.start}`).join('');
  const across = ticks.y.map(({ value }) => `M${x.start} ${px(y.pixelFromValue(value))}H${x.end}`).join('');
  return [
    `<path d="${down}${across}" stroke="${ink.grid}" fill="none"/>`,
    ...ticks.x.map((tick) =>
      text(x.pixelFromValue(tick.value), y.start + 16, tick.text, ink.faint, 'middle'),
    ),
    ...ticks.y.map((tick) =>
      text(x.start - 6, y.pixelFromValue(tick.value) + 4, tick.text, ink.faint, 'end'),
    ),
  ].join('\n');
}

function band(
  { x: xs, low, high, colour, interval }: LineSeries,
  x: Axis,
  y: Axis,
  detailed: boolean,
): string {
  if (!low || !high || (!detailed && !interval)) return '';
  const parts: string[] = [];
  stretches(xs, { x, y }, [low, high], (from, to) => {
    if (to - from === 1) return;
    const top = points(xs, high, x, y, from, to);
    const bottom = points(xs, low, x, y, from, to).reverse();
    parts.push(`M${[...top, ...bottom].join('L')}Z`);
  });
  return parts.length > 0 ? `<path d="${parts.join('')}" fill="${colour}" fill-opacity="0.16"/>` : '';
}

function line(series: LineSeries, x: Axis, y: Axis, detailed: boolean): string {
  const { colour, scattered, dash, smooth } = series;
  if (scattered) {
    const dots = points(series.x, series.y, x, y, 0, series.x.length).filter(
      (point) => !point.includes('NaN'),
    );
    const circles = dots
      .map((point) => point.split(' '))
      .map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="2.2"/>`);
    return `<g fill="${colour}" fill-opacity="0.7">${circles.join('')}</g>`;
  }
  const stroke = `stroke="${colour}"${dash.length > 0 ? ` stroke-dasharray="${dash.join(' ')}"` : ''}`;
  const behind =
    smooth && detailed ? `<path d="${path(series, series.y, x, y)}" ${stroke} stroke-opacity="0.24"/>` : '';
  return `${behind}<path d="${path(series, smooth ?? series.y, x, y)}" ${stroke} stroke-width="1.5" stroke-linecap="round"/>`;
}

function path(series: LineSeries, values: Float64Array, x: Axis, y: Axis): string {
  const parts: string[] = [];
  stretches(series.x, { x, y }, [values], (from, to) => {
    const places = points(series.x, values, x, y, from, to);
    // A point alone is a line of no length, which a round cap makes a dot.
    parts.push(`M${places.length === 1 ? `${places[0]}l0 0.01` : places.join('L')}`);
  });
  return parts.join('');
}

function points(
  xs: Float64Array,
  values: Float64Array,
  x: Axis,
  y: Axis,
  from: number,
  to: number,
): string[] {
  const places: string[] = [];
  for (let i = from; i < to; i += 1)
    places.push(`${px(x.pixelFromValue(xs[i]))} ${px(y.pixelFromValue(values[i]))}`);
  return places;
}

function legendOf(series: readonly LineSeries[], width: number) {
  const entries: { left: number; top: number; one: LineSeries }[] = [];
  let [left, top] = [PAD_PX, 0];
  for (const one of series) {
    const wide = 34 + SIGN_PX * labelOf(one).length;
    if (left > PAD_PX && left + wide > width - PAD_PX) [left, top] = [PAD_PX, top + ENTRY_PX];
    entries.push({ left, top, one });
    left += wide;
  }
  return { entries, height: series.length > 0 ? top + ENTRY_PX : 0 };
}

function entry(left: number, top: number, one: LineSeries, ink: string): string {
  const dash = one.dash.length > 0 ? ` stroke-dasharray="${one.dash.join(' ')}"` : '';
  return (
    `<path d="M${px(left)} ${top + 9}h16" stroke="${one.colour}" stroke-width="2.5"${dash}/>` +
    text(left + 22, top + 13, labelOf(one), ink, 'start')
  );
}

function labelOf({ label, note }: LineSeries): string {
  return note ? `${label} (${note})` : label;
}

function text(x: number, y: number, content: string, fill: string, anchor: string, more = ''): string {
  return `<text x="${px(x)}" y="${px(y)}" fill="${fill}" text-anchor="${anchor}" ${more}>${escaped(content)}</text>`;
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Names of runs and tags come from outside: they stay text. Signs that XML has no place for are left out. */
function escaped(content: string): string {
  return content
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
