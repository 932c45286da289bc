import type { ColourMapName } from '../theme/colour_maps';
import type { OverlayCells } from './heat_cells';
import { heatColours, paintHeads, paintHeat, type Blend } from './heat_colours';
import { readInk } from './ink';
import { rgbOf } from './ramp';

/** How an overlay looks. */
export interface HeatLook {
  blend: Blend;
  colours: ColourMapName;
  /** From 0 to 1, of the strongest cells. */
  opacity: number;
}

/** A part of a picture, as parts of its sides. */
export interface Part {
  x: number;
  y: number;
  width: number;
  height: number;
}

export const WHOLE: Part = { x: 0, y: 0, width: 1, height: 1 };

/** Paints one overlay, or for `heads` two, into a context of their size. `host` says which colours the page has. */
export function drawHeat(
  context: CanvasRenderingContext2D,
  [cells, second]: readonly (OverlayCells | null)[],
  look: HeatLook,
  host: Element,
): void {
  const one = cells ?? second;
  if (!one) return;
  const image = context.createImageData(one.width, one.height);
  if (look.blend === 'heads') paintHeads(cells ?? null, second ?? null, look.opacity, image.data);
  else {
    const ink = readInk(host);
    const pure = look.colours === 'page' ? { warm: rgbOf(ink.warm), cold: rgbOf(ink.cold) } : null;
    paintHeat(one, heatColours(look.colours, ink), pure, look.blend, look.opacity, image.data);
  }
  context.putImageData(image, 0, 0);
}

/** Lays cells over another canvas, or over a part of it. */
export class HeatOverlay {
  readonly canvas: HTMLCanvasElement;
  private readonly observer: ResizeObserver;
  private part: Part = WHOLE;

  constructor(
    private readonly host: HTMLElement,
    private readonly over: HTMLCanvasElement,
  ) {
    this.canvas = host.appendChild(document.createElement('canvas'));
    this.canvas.setAttribute('aria-hidden', 'true');
    this.canvas.dataset.overlay = '';
    Object.assign(this.canvas.style, {
      position: 'absolute',
      pointerEvents: 'none',
      display: 'none',
      imageRendering: 'pixelated',
    });
    this.observer = new ResizeObserver(() => this.place());
    this.observer.observe(over);
    this.observer.observe(host);
  }

  /** Draws one overlay, or for the blend `heads` two: what is added to blue, and what to red. */
  draw(cells: readonly (OverlayCells | null)[], look: HeatLook, part: Part = WHOLE): void {
    const one = cells.find(Boolean);
    const { canvas } = this;
    if (!one) {
      this.clear();
      return;
    }
    if (canvas.width !== one.width) canvas.width = one.width;
    if (canvas.height !== one.height) canvas.height = one.height;
    const context = canvas.getContext('2d');
    if (!context) return;
    drawHeat(context, cells, look, this.host);
    this.part = part;
    canvas.style.display = 'block';
    canvas.style.mixBlendMode = look.blend === 'heads' ? 'plus-lighter' : 'normal';
    this.over.style.filter = look.blend === 'grey' || look.blend === 'heads' ? 'grayscale(1)' : '';
    this.place();
  }

  /** Draws cells that the caller colours: `paint` fills RGBA, row after row. `grey` takes the colours of the picture beneath away. */
  drawCells(
    { rows, columns }: { rows: number; columns: number },
    paint: (out: Uint8ClampedArray) => void,
    { part = WHOLE, grey = false, smooth = false }: { part?: Part; grey?: boolean; smooth?: boolean } = {},
  ): void {
    const { canvas } = this;
    if (canvas.width !== columns) canvas.width = columns;
    if (canvas.height !== rows) canvas.height = rows;
    const context = canvas.getContext('2d');
    if (!context) return;
    const image = context.createImageData(columns, rows);
    paint(image.data);
    context.putImageData(image, 0, 0);
    this.part = part;
    Object.assign(canvas.style, {
      display: 'block',
      mixBlendMode: 'normal',
      imageRendering: smooth ? 'auto' : 'pixelated',
    });
    this.over.style.filter = grey ? 'grayscale(1)' : '';
    this.place();
  }

  clear(): void {
    this.canvas.style.display = 'none';
    this.over.style.filter = '';
  }

  destroy(): void {
    this.observer.disconnect();
    this.over.style.filter = '';
    this.canvas.remove();
  }

  private place(): void {
    const { part } = this;
    const [left, top, width, height] = [
      this.over.style.left,
      this.over.style.top,
      this.over.style.width,
      this.over.style.height,
    ].map((length) => parseFloat(length) || 0);
    Object.assign(this.canvas.style, {
      left: `${left! + part.x * width!}px`,
      top: `${top! + part.y * height!}px`,
      width: `${part.width * width!}px`,
      height: `${part.height * height!}px`,
    });
  }
}
