import { fitCanvas } from './ink';

/** A small picture: packed RGBA, one `Uint32` a pixel. */
export interface Picture {
  width: number;
  height: number;
  rgba: Uint32Array;
}

/** Steps whose pictures tell an episode of `count` steps in `cells` cells: the middle of each. */
export function stepsOfCells(count: number, cells: number): number[] {
  const n = Math.min(count, Math.max(0, Math.floor(cells)));
  return Array.from({ length: n }, (_, i) => Math.min(count - 1, Math.floor(((i + 0.5) * count) / n)));
}

/** Pictures of the whole episode side by side; each stands for the stretch of the time line that it covers. */
export class FilmStrip {
  private readonly canvas: HTMLCanvasElement;
  private readonly observer: ResizeObserver;
  private readonly pictures = new Map<number, HTMLCanvasElement>();
  private steps: readonly number[] = [];
  private queued = 0;

  /** `onresize` is told the width and height in CSS pixels, so that it can say how many pictures there is room for. */
  constructor(
    private readonly host: HTMLElement,
    onresize: (width: number, height: number) => void,
  ) {
    this.canvas = document.createElement('canvas');
    host.insertBefore(this.canvas, host.firstChild);
    this.canvas.setAttribute('aria-hidden', 'true');
    Object.assign(this.canvas.style, { position: 'absolute', inset: '0', width: '100%', height: '100%' });
    this.observer = new ResizeObserver(() => {
      this.redraw();
      onresize(host.clientWidth, host.clientHeight);
    });
    this.observer.observe(host);
  }

  /** Shows the pictures of these steps, in cells of equal width. */
  setCells(steps: readonly number[]): void {
    this.steps = steps;
    // What was shown stays until its cell has a picture of its own.
    const before = [...this.pictures];
    this.pictures.clear();
    for (const step of steps) {
      const near = before.find(([other]) => Math.abs(other - step) * steps.length * 2 <= (steps.at(-1) ?? 0));
      if (near) this.pictures.set(step, near[1]);
    }
    this.redraw();
  }

  put(step: number, picture: Picture): void {
    const canvas = document.createElement('canvas');
    canvas.width = picture.width;
    canvas.height = picture.height;
    const image = new ImageData(picture.width, picture.height);
    new Uint32Array(image.data.buffer).set(picture.rgba);
    canvas.getContext('2d')?.putImageData(image, 0, 0);
    this.pictures.set(step, canvas);
    this.redraw();
  }

  destroy(): void {
    cancelAnimationFrame(this.queued);
    this.observer.disconnect();
    this.canvas.remove();
  }

  private redraw(): void {
    cancelAnimationFrame(this.queued);
    this.queued = requestAnimationFrame(() => this.draw());
  }

  private draw(): void {
    const [width, height] = [this.host.clientWidth, this.host.clientHeight];
    if (width === 0 || height === 0) return;
    const context = fitCanvas(this.canvas, width, height);
    if (!context) return;
    context.imageSmoothingQuality = 'high';
    const cell = width / Math.max(1, this.steps.length);
    this.steps.forEach((step, i) => {
      const picture = this.pictures.get(step);
      if (!picture) return;
      // Cells are a little narrower than pictures, whose sides are cut; where they are not, the picture keeps its shape.
      const room = cell - 1;
      const shown = Math.min(picture.width, (picture.height / height) * room);
      const wide = Math.min(room, (picture.width / picture.height) * height);
      context.drawImage(
        picture,
        (picture.width - shown) / 2,
        0,
        shown,
        picture.height,
        i * cell + (room - wide) / 2,
        0,
        wide,
        height,
      );
    });
  }
}
