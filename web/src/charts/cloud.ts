import { cameraAtRest, pixelOf, projectionOf, type Camera, type Projection } from './cloud_camera';
import { CloudHaste } from './cloud_haste';
import { MarkKeeper } from './cloud_mark_keeper';
import { drawMarks, markAt, roomOf, type CloudMarks } from './cloud_marks';
import { CloudMotion } from './cloud_motion';
import { drawOverlay, type CloudOverlay } from './cloud_overlay';
import type { Painted } from './cloud_paint';
import { CloudPainter, type CloudScene } from './cloud_painter';
import { CloudPixels } from './cloud_pixels';
import { followPointer, type CloudTool } from './cloud_pointer';
import { DIM, GONE, type CloudLabel, type CloudLine, type CloudLook, type CloudPlaces } from './cloud_points';
import { fitCanvas, readInk, type ChartInk } from './ink';
import { rgbOf } from './ramp';

/** What the reader does; indices are those of the points given. */
export interface CloudEvents {
  hover(index: number | null, at: { x: number; y: number } | null): void;
  /** A point was clicked; `holds` with shift, and with a finger, which cannot hover. */
  pick(index: number, holds: boolean): void;
  /** Points were enclosed; `add` when they are to join those chosen before. */
  enclose(points: Uint32Array, add: boolean): void;
  /** The reader looks from elsewhere. */
  look(camera: Camera): void;
  /** A picture is on the screen; `ms` is what it took to make. */
  drawn(painted: Painted & { ms: number }): void;
  /** These points have marks now. */
  marked(points: readonly number[]): void;
  /** So many pictures are on the screen. */
  pictured(count: number): void;
}

const PLAIN_LOOK: CloudLook = {
  palette: new Uint8Array(3),
  colour: null,
  alpha: null,
  size: null,
  stand: null,
};

/**
 * Up to a million points in the plane or in space: dots while few are in the picture, density beyond. The processor draws, and where there
 * is a graphics card this draws the density; without one, a picture that moves shows a sample of the points. Points move from layout to
 * layout. Knows nothing of what they are.
 *
 * A second canvas holds what changes with the pointer, so that hovering draws no point again.
 */
export class Cloud {
  readonly #painter = new CloudPainter();
  readonly #pixels = new CloudPixels();
  readonly #overlay: HTMLCanvasElement;
  readonly #observer: ResizeObserver;
  readonly #unfollow: () => void;
  #ink: ChartInk;
  #look = PLAIN_LOOK;
  readonly #motion = new CloudMotion();
  readonly #haste = new CloudHaste(() => this.#redraw());
  #equal = true;
  #camera: Camera = cameraAtRest(2);
  #tool: CloudTool = 'move';
  /** Which points can be pointed at; null for all. */
  #counts: ((point: number) => boolean) | null = null;
  #marks: CloudMarks | null = null;
  readonly #marked = new MarkKeeper(
    () => this.#choose(),
    (points) => {
      this.#queue();
      this.events.marked(points);
    },
  );
  #pictures = 0;
  #queued = 0;
  #stale = true;
  #over: CloudOverlay = {
    hovered: null,
    selected: null,
    near: [],
    lines: [],
    labels: [],
    polygon: null,
    axes: [],
  };

  constructor(
    private readonly host: HTMLElement,
    private readonly events: CloudEvents,
  ) {
    this.#overlay = document.createElement('canvas');
    for (const canvas of [...this.#painter.elements, this.#overlay]) {
      host.appendChild(canvas);
      canvas.setAttribute('aria-hidden', 'true');
      Object.assign(canvas.style, { position: 'absolute', inset: '0', width: '100%', height: '100%' });
    }
    this.#ink = readInk(host);
    this.#observer = new ResizeObserver(() => this.#redraw());
    this.#observer.observe(host);
    this.#unfollow = followPointer(host, {
      camera: () => this.#camera,
      size: () => this.#size(),
      dims: () => this.dims,
      tool: () => this.#tool,
      look: (camera) => {
        this.look(camera);
        this.#haste.hurry(this.#motion.now.x.length);
        this.events.look(camera);
      },
      hover: (at) => this.point(at && this.#under(at)),
      click: (at, holds) => {
        const index = this.#under(at);
        if (index !== null) this.events.pick(index, holds);
      },
      draw: (polygon) => this.#lay({ polygon }),
      enclose: (polygon, add) => this.events.enclose(this.#pixels.inside(polygon, this.#counts), add),
    });
  }

  get dims(): 2 | 3 {
    return this.#motion.places.z ? 3 : 2;
  }

  get camera(): Camera {
    return this.#camera;
  }

  /**
   * Shows points where they lie now. `equal` keeps a unit as long on each axis. With `moves`, points that were there move to their
   * places, unless the reader wants less motion.
   */
  show(places: CloudPlaces, equal: boolean, moves: boolean): void {
    if (places.x.length !== this.#motion.places.x.length) this.#over = { ...this.#over, hovered: null };
    this.#motion.show(places, moves);
    this.#equal = equal;
    this.#redraw();
  }

  /** Draws points with these colours, sizes and so on. */
  dress(look: CloudLook): void {
    this.#look = look;
    const { stand } = look;
    this.#counts = stand && ((point) => stand[point] !== GONE && stand[point] !== DIM);
    this.#redraw();
  }

  look(camera: Camera): void {
    this.#camera = camera;
    this.#redraw();
  }

  hold(tool: CloudTool): void {
    this.#tool = tool;
    this.host.style.cursor = tool === 'move' ? 'grab' : 'crosshair';
  }

  /** Points at a point from the keyboard, as if the pointer were there. */
  point(index: number | null): void {
    if (index === this.#over.hovered) return;
    this.#lay({ hovered: index });
    this.events.hover(index, index === null ? null : this.placeOf(index));
  }

  /** Brings out the point in view everywhere, and some points near it. */
  ring(selected: number | null, near: readonly number[]): void {
    this.#lay({ selected, near });
  }

  draw(lines: readonly CloudLine[], labels: readonly CloudLabel[], axes: readonly string[]): void {
    this.#lay({ lines, labels, axes });
  }

  /** Where a point is drawn, in CSS pixels of the host; null when it has no place. */
  placeOf(index: number): { x: number; y: number } | null {
    if (index >= this.#motion.now.x.length) return null;
    const at = pixelOf(this.#projection(), this.#motion.now, index);
    return at.x === at.x && at.y === at.y ? at : null;
  }

  /** Where a place that is no point is drawn. */
  pixelOf({ x, y, z }: { x: number; y: number; z: number }): { x: number; y: number } {
    const p = this.#projection();
    return { x: p[0] * x + p[1] * y + p[2] * z + p[3], y: p[4] * x + p[5] * y + p[6] * z + p[7] };
  }

  /** Draws marks at a fair sample of the points, as many as have room; call it again when pictures of them arrived. */
  mark(marks: CloudMarks | null): void {
    const before = this.#marks;
    this.#marks = marks;
    const same = before && marks && before.side === marks.side && before.words === marks.words;
    if (!same) this.#marked.renew();
    this.#queue();
  }

  /** The colours of the page changed. */
  restyle(): void {
    this.#ink = readInk(this.host);
    this.#redraw();
  }

  destroy(): void {
    cancelAnimationFrame(this.#queued);
    this.#haste.stop();
    this.#marked.stop();
    this.#observer.disconnect();
    this.#unfollow();
    this.#painter.destroy();
    this.#overlay.remove();
  }

  #size(): { width: number; height: number } {
    return { width: this.host.clientWidth, height: this.host.clientHeight };
  }

  #lay(change: Partial<CloudOverlay>): void {
    this.#over = { ...this.#over, ...change };
    this.#queue();
  }

  #redraw(): void {
    this.#stale = true;
    this.#queue();
  }

  #queue(): void {
    if (this.#queued === 0) this.#queued = requestAnimationFrame(() => this.#frame());
  }

  #frame(): void {
    this.#queued = 0;
    const { width, height } = this.#size();
    if (width === 0 || height === 0) return;
    const started = performance.now();
    if (this.#motion.moving) {
      this.#motion.advance(started);
      this.#stale = true;
    }
    if (this.#stale) {
      this.#stale = false;
      const painted = this.#picture({ width, height });
      const ms = performance.now() - started;
      this.#haste.drew(ms);
      this.events.drawn({ ...painted, ms });
      if (this.#marks && this.#haste.every === 1)
        this.#marked.changed(this.#motion.now.x.length, this.#motion.moving);
    }
    const context = fitCanvas(this.#overlay, width, height);
    if (context) {
      const projection = this.#projection();
      const at = (point: number) => pixelOf(projection, this.#motion.now, point);
      const { points } = this.#marked;
      const pictures = this.#marks ? drawMarks(context, points, this.#marks, at, this.#look, this.#ink) : 0;
      if (pictures !== this.#pictures) this.events.pictured((this.#pictures = pictures));
      drawOverlay(context, this.#over, at, projection, this.#ink, { width, height }, this.dims);
    }
    if (this.#motion.moving) this.#redraw();
  }

  /** What the pointer is on: a picture, else the point nearest to it. */
  #under(at: { x: number; y: number }): number | null {
    const projection = this.#projection();
    const pixel = (point: number) => pixelOf(projection, this.#motion.now, point);
    const mark = this.#marks && markAt(this.#marked.points, this.#marks, pixel, at);
    return mark ?? this.#pixels.near(at.x, at.y, this.#size(), this.#counts);
  }

  #choose(): readonly number[] {
    if (!this.#marks) return [];
    const [x, y, z] = this.#motion.extent.middle;
    const view = { ...this.#size(), anchor: this.pixelOf({ x, y, z }), zoom: this.#camera.zoom };
    return this.#pixels.spread(view, roomOf(this.#marks), this.#counts);
  }

  #projection(): Projection {
    return projectionOf(this.#camera, this.#motion.extent, this.#size(), this.dims, this.#equal);
  }

  #picture(size: { width: number; height: number }): Painted {
    const projection = this.#projection();
    this.#pixels.arrange(this.#motion.now, projection, this.#haste.every);
    const scene: CloudScene = {
      places: this.#motion.now,
      version: this.#motion.version,
      extent: this.#motion.extent,
      projection,
      zoom: this.#camera.zoom,
      look: this.#look,
      surface: rgbOf(this.#ink.surface),
      size,
    };
    const painted = this.#painter.paint(this.#pixels, scene);
    if (painted) return painted;
    // So few are in the picture that each is a dot.
    this.#haste.every = 1;
    this.#pixels.complete();
    return this.#painter.paint(this.#pixels, scene)!;
  }
}
