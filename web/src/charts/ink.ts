/** The colours that canvas charts draw with, read from the page's tokens so that they follow the theme. */
export interface ChartInk {
  surface: string;
  sunken: string;
  line: string;
  grid: string;
  ink: string;
  soft: string;
  faint: string;
  accent: string;
  accentSoft: string;
  signal: string;
  cursor: string;
  good: string;
  warn: string;
  bad: string;
  /** What lies above and below zero. */
  warm: string;
  cold: string;
  font: string;
}

/** Reads the tokens in force at `element`. Ask again when the theme changes. */
export function readInk(element: Element): ChartInk {
  const style = getComputedStyle(element);
  const token = (name: string) => style.getPropertyValue(name).trim();
  return {
    surface: token('--surface'),
    sunken: token('--sunken'),
    line: token('--line'),
    grid: token('--grid'),
    ink: token('--ink'),
    soft: token('--ink-soft'),
    faint: token('--ink-faint'),
    accent: token('--accent'),
    accentSoft: token('--accent-soft'),
    signal: token('--signal'),
    cursor: token('--cursor'),
    good: token('--good'),
    warn: token('--warn'),
    bad: token('--bad'),
    warm: token('--warm'),
    cold: token('--cold'),
    font: `${token('--text-xs')} ${token('--font')}`,
  };
}

/** Sizes a canvas to its CSS box in device pixels and scales its context, so that one unit is one CSS pixel. */
export function fitCanvas(
  canvas: HTMLCanvasElement,
  width: number,
  height: number,
): CanvasRenderingContext2D | null {
  const dpr = window.devicePixelRatio || 1;
  const [w, h] = [Math.max(1, Math.round(width * dpr)), Math.max(1, Math.round(height * dpr))];
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
  const context = canvas.getContext('2d');
  context?.setTransform(dpr, 0, 0, dpr, 0, 0);
  context?.clearRect(0, 0, width, height);
  return context;
}
