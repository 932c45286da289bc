import { HostCanvas } from './host_canvas';

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
  private readonly canvas: HostCanvas;
  private readonly pictures = new Map<number, HTMLCanvasElement>();
  private steps: readonly number[] = [];

  /** `onresize` is told the width and height in CSS pixels, so that it can say how many pictures there is room for. */
  constructor(host: HTMLElement, onresize: (width: number, height: number) => void) {
    this.canvas = new HostCanvas(host, (...at) => this.draw(...at), onresize);
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
    this.canvas.redraw();
  }

  put(step: number, picture: Picture): void {
    const canvas = document.createElement('canvas');
    canvas.width = picture.width;
    canvas.height = picture.height;
    const image = new ImageData(picture.width, picture.height);
    new Uint32Array(image.data.buffer).set(picture.rgba);
    canvas.getContext('2d')?.putImageData(image, 0, 0);
    this.pictures.set(step, canvas);
    this.canvas.redraw();
  }

  destroy(): void {
    this.canvas.destroy();
  }

  private draw(context: CanvasRenderingContext2D, width: number, height: number): void {
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
