import { HostCanvas } from './host_canvas';
import { pixelFromStep } from './step_scale';

/** Something that happened at a step. Shapes tell kinds apart without colours. */
export interface LaneMark {
  step: number;
  shape: 'up' | 'down' | 'diamond' | 'flag' | 'tick';
  /** CSS colour. */
  colour: string;
}

/** Half of a mark, in CSS pixels. */
const REACH = 4;

/** Marks over the steps of an episode. Of marks of one shape that would cover each other one a pixel is drawn. */
export class MarkLane {
  private readonly canvas: HostCanvas;
  private marks: readonly LaneMark[] = [];
  private range: [number, number] = [0, 0];

  constructor(host: HTMLElement) {
    this.canvas = new HostCanvas(host, (...at) => this.draw(...at));
  }

  /** Shows marks over the steps `from` to `to`, both included. Later marks lie above earlier ones. */
  show(marks: readonly LaneMark[], from: number, to: number): void {
    this.marks = marks;
    this.range = [from, to];
    this.canvas.redraw();
  }

  destroy(): void {
    this.canvas.destroy();
  }

  private draw(context: CanvasRenderingContext2D, width: number, height: number): void {
    const scale = { from: this.range[0], to: this.range[1], width };
    const taken = new Set<string>();
    for (const { step, shape, colour } of this.marks) {
      const x = Math.min(width - REACH, Math.max(REACH, pixelFromStep(scale, step)));
      const place = `${shape} ${Math.round(x)}`;
      if (taken.has(place)) continue;
      taken.add(place);
      context.fillStyle = colour;
      context.beginPath();
      outline(context, shape, x, height);
      context.fill();
    }
  }
}

function outline(
  context: CanvasRenderingContext2D,
  shape: LaneMark['shape'],
  x: number,
  height: number,
): void {
  const middle = height / 2;
  if (shape === 'up' || shape === 'down') {
    const side = shape === 'up' ? -1 : 1;
    context.moveTo(x, middle + side * REACH);
    context.lineTo(x + REACH, middle - side * REACH);
    context.lineTo(x - REACH, middle - side * REACH);
  } else if (shape === 'diamond') {
    context.moveTo(x, middle - REACH - 1);
    context.lineTo(x + REACH, middle);
    context.lineTo(x, middle + REACH + 1);
    context.lineTo(x - REACH, middle);
  } else if (shape === 'flag') {
    context.rect(x - 1, 2, 2, height - 4);
    context.rect(x - REACH * 2, 2, REACH * 2, REACH * 1.5);
  } else {
    context.rect(x - 0.5, height - 4, 1, 4);
  }
}
