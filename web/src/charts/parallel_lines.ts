import { fitCanvas, readInk } from './ink';
import type { ParallelAxis } from './parallel_axis';

/** Where axes and their ends are in the chart, in CSS pixels. */
export interface ParallelFrame {
  width: number;
  height: number;
  /** Of each axis. */
  x: readonly number[];
  head: number;
  foot: number;
  /** Where lines of rows without a value pass. */
  none: number;
}

/** What is drawn. */
export interface ParallelRows {
  axes: readonly ParallelAxis[];
  /** Rows that pass; the others are faint. */
  passing: readonly boolean[];
  /** CSS colour of a row. */
  colour: (row: number) => string;
}

/** A line is found this near, in CSS pixels. */
const NEAR = 12;
/** Rows from which on lines are drawn thinner and clearer. */
const MANY = 60;

/** Lines over parallel axes on a canvas, one a row. */
export class ParallelLines {
  readonly #canvas: HTMLCanvasElement;
  #frame: ParallelFrame | null = null;
  #rows: ParallelRows | null = null;
  #front: number | null = null;
  #queued = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
  }

  show(rows: ParallelRows, frame: ParallelFrame): void {
    this.#rows = rows;
    this.#frame = frame;
    this.redraw();
  }

  /** Brings a row out. */
  setFront(row: number | null): void {
    if (row === this.#front) return;
    this.#front = row;
    this.redraw();
  }

  redraw(): void {
    cancelAnimationFrame(this.#queued);
    this.#queued = requestAnimationFrame(() => this.#draw());
  }

  destroy(): void {
    cancelAnimationFrame(this.#queued);
  }

  /** The passing row whose line is nearest to a place in the chart; null when none is near. */
  rowAt(x: number, y: number): number | null {
    const [rows, frame] = [this.#rows, this.#frame];
    if (!rows || !frame || rows.axes.length === 0) return null;
    const after = frame.x.findIndex((of) => of >= x);
    const right = after < 0 ? frame.x.length - 1 : after;
    const left = Math.max(0, right - 1);
    const part = left === right ? 0 : (x - frame.x[left]) / (frame.x[right] - frame.x[left]);
    let nearest: number | null = null;
    let least = NEAR;
    rows.passing.forEach((passes, row) => {
      if (!passes) return;
      const [from, to] = [left, right].map((axis) => yOf(rows.axes[axis].place[row], frame));
      const apart = Math.abs(from + (to - from) * Math.min(1, Math.max(0, part)) - y);
      if (apart < least) [nearest, least] = [row, apart];
    });
    return nearest;
  }

  #draw(): void {
    const [rows, frame] = [this.#rows, this.#frame];
    if (!rows || !frame) return;
    const context = fitCanvas(this.#canvas, frame.width, frame.height);
    if (!context) return;
    const ink = readInk(this.#canvas);
    const many = rows.passing.length > MANY;
    context.lineJoin = 'round';
    const draw = (row: number, colour: string, width: number, alpha: number) => {
      context.globalAlpha = alpha;
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.beginPath();
      rows.axes.forEach(({ place }, axis) => context.lineTo(frame.x[axis], yOf(place[row], frame)));
      context.stroke();
    };
    rows.passing.forEach((passes, row) => {
      if (!passes) draw(row, ink.line, 1, 0.8);
    });
    rows.passing.forEach((passes, row) => {
      if (passes)
        draw(row, rows.colour(row), many ? 1 : 1.5, this.#front === null ? (many ? 0.7 : 0.9) : 0.3);
    });
    if (this.#front !== null && this.#front < rows.passing.length) {
      draw(this.#front, ink.surface, 6, 1);
      draw(this.#front, rows.colour(this.#front), 3, 1);
    }
    context.globalAlpha = 1;
  }
}

/** How far down a place is. */
export function yOf(place: number, { head, foot, none }: ParallelFrame): number {
  return Number.isNaN(place) ? none : foot - (foot - head) * place;
}
