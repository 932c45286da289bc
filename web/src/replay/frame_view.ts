import { FrameCanvas } from '../charts/frame_canvas';
import type { FrameHit } from './frame_cache';
import { paintView, sizeOf, type View } from './picture';
import type { ScreenFrames } from './screen_frames';

/** What a screen shows: the picture of the step, an older one while it comes, or none because there is none. */
export type Shown = 'shown' | 'waiting' | 'absent';

/** One image field of one episode on a canvas of its own. The host must be positioned; the picture is centred in it. */
export class FrameView {
  /** The step whose picture is on the canvas, or null. */
  step: number | null = null;
  readonly #canvas: FrameCanvas;
  #drawn = '';

  constructor(
    host: HTMLElement,
    readonly frames: ScreenFrames,
    readonly view: View,
  ) {
    this.#canvas = new FrameCanvas(host);
    // In a small place whole numbers of pixels would leave much of it empty.
    this.#canvas.setZoom('fill');
  }

  /** Asks for what is needed around `step` and draws it if it is there. `rate` is in steps a second, 0 while time stands. */
  draw(step: number, rate: number): Shown {
    const { frames } = this;
    frames.want(step, rate);
    const hit = frames.get(step);
    if (hit) {
      this.#paint(hit);
      return 'shown';
    }
    if (frames.isAbsent(step)) {
      // Often nothing was rendered after the last action: then the picture before it stays.
      const before = step > 0 ? frames.get(step - 1) : null;
      if (before) {
        this.#paint(before);
        return 'shown';
      }
      if (step > 0 && !frames.isAbsent(step - 1)) {
        frames.want(step - 1, 0);
        return 'waiting';
      }
      this.#canvas.clear();
      this.#drawn = '';
      this.step = null;
      return 'absent';
    }
    const late = rate > 0 ? frames.late(step) : null;
    if (late) this.#paint(late);
    return 'waiting';
  }

  /** Whether nothing more is to be waited for at `step`. */
  isReady(step: number): boolean {
    return this.frames.get(step) !== null || this.frames.isAbsent(step) || this.frames.error !== null;
  }

  destroy(): void {
    this.frames.close();
    this.#canvas.destroy();
  }

  /** Cheap when the picture is already shown. */
  #paint(hit: FrameHit): void {
    const key = `${hit.first} ${hit.group.count} ${hit.row}`;
    this.step = hit.first + hit.row;
    if (key === this.#drawn) return;
    const { width, height } = sizeOf(hit.group, this.view);
    this.#canvas.draw(width, height, (out) => paintView(hit, this.view, out));
    this.#drawn = key;
  }
}
