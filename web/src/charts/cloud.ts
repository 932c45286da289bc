import { cameraAtRest, extentOf, project, projectionOf, type Camera, type Extent } from './cloud_camera';
import { pointsInside } from './cloud_lasso';
import { drawOverlay, type CloudOverlay } from './cloud_overlay';
import { paintCloud, type Painted } from './cloud_paint';
import { followPointer, type CloudTool } from './cloud_pointer';
import {
  blend,
  canMove,
  DIM,
  GONE,
  type CloudLabel,
  type CloudLine,
  type CloudLook,
  type CloudPlaces,
} from './cloud_points';
import { fitCanvas, readInk, type ChartInk } from './ink';
import { rgbOf } from './ramp';
import { ScatterGrid } from './scatter_grid';

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
}

/** How near the pointer must be to a point, in CSS pixels. */
const REACH = 14;
const MOVE_MS = 600;
/** While the reader moves a picture that takes longer than this, only some of its points are shaded. */
const FRAME_MS = 30;
const STRIDE_MAX = 16;
/** Once the picture stood still so long it is drawn in full. */
const REST_MS = 140;

const NOTHING: CloudPlaces = { x: new Float32Array(0), y: new Float32Array(0), z: null };
const PLAIN_LOOK: CloudLook = {
  palette: new Uint8Array(3),
  colour: null,
  alpha: null,
  size: null,
  stand: null,
};

/**
 * Up to a million points in the plane or in space, drawn by the processor so that it is the same with and without a graphics card: dots
 * while few are in the picture, density beyond. Points move from layout to layout. Knows nothing of what they are.
 *
 * A second canvas holds what changes with the pointer, so that hovering draws no point again.
 */
export class Cloud {
  readonly #canvas: HTMLCanvasElement;
  readonly #overlay: HTMLCanvasElement;
  readonly #observer: ResizeObserver;
  readonly #unfollow: () => void;
  #ink: ChartInk;
  #look = PLAIN_LOOK;
  /** Where the points are going, where they came from, and where they are. */
  #places = NOTHING;
  #from: CloudPlaces | null = null;
  #now = NOTHING;
  #movedAt = 0;
  #extent: Extent = extentOf([]);
  #equal = true;
  #camera: Camera = cameraAtRest(2);
  #tool: CloudTool = 'move';
  #px = new Float32Array(0);
  #py = new Float32Array(0);
  #depth: Float32Array | null = null;
  #raster: ImageData | null = null;
  #grid: ScatterGrid | null = null;
  #queued = 0;
  #stale = true;
  /** What a picture of all points takes, and whether the last one was of all. */
  #wholeMs = 0;
  #stride = 1;
  #rest: ReturnType<typeof setTimeout> | undefined;
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
    this.#canvas = host.appendChild(document.createElement('canvas'));
    this.#overlay = host.appendChild(document.createElement('canvas'));
    for (const canvas of [this.#canvas, this.#overlay]) {
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
        this.#hurry();
        this.events.look(camera);
      },
      hover: (at) => this.point(at && this.#near(at)),
      click: (at, holds) => {
        const index = this.#near(at);
        if (index !== null) this.events.pick(index, holds);
      },
      draw: (polygon) => this.#lay({ polygon }),
      enclose: (polygon, add) => this.events.enclose(this.#inside(polygon), add),
    });
  }

  get dims(): 2 | 3 {
    return this.#places.z ? 3 : 2;
  }

  get camera(): Camera {
    return this.#camera;
  }

  /**
   * Shows points where they lie now. `equal` keeps a unit as long on each axis. With `moves`, points that were there move to their
   * places, unless the reader wants less motion.
   */
  show(places: CloudPlaces, equal: boolean, moves: boolean): void {
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    if (moves && !calm && canMove(this.#now, places)) {
      this.#from = { x: this.#now.x.slice(), y: this.#now.y.slice(), z: this.#now.z?.slice() ?? null };
      this.#now = { x: places.x.slice(), y: places.y.slice(), z: places.z?.slice() ?? null };
      this.#movedAt = performance.now();
    } else {
      this.#from = null;
      this.#now = places;
    }
    if (places.x.length !== this.#places.x.length) this.#over = { ...this.#over, hovered: null };
    this.#places = places;
    this.#equal = equal;
    this.#extent = extentOf([places.x, places.y, places.z]);
    this.#redraw();
  }

  /** Draws points with these colours, sizes and so on. */
  dress(look: CloudLook): void {
    this.#look = look;
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
    const [x, y] = [this.#px[index], this.#py[index]];
    return x === x && y === y && x !== undefined ? { x, y } : null;
  }

  /** Points in the picture that stand plain, at most one in each square of `spacing` pixels and at most `most`: where pictures fit. */
  spread(spacing: number, most: number): number[] {
    const { width, height } = this.#size();
    const taken = new Set<number>();
    const found: number[] = [];
    const columns = Math.ceil(width / spacing);
    for (let i = 0; i < this.#px.length && found.length < most; i++) {
      const [x, y] = [this.#px[i], this.#py[i]];
      if (!(x >= 0 && x < width && y >= 0 && y < height) || !this.#counts(i)) continue;
      const cell = Math.floor(y / spacing) * columns + Math.floor(x / spacing);
      if (taken.has(cell)) continue;
      taken.add(cell);
      found.push(i);
    }
    return found;
  }

  /** The colours of the page changed. */
  restyle(): void {
    this.#ink = readInk(this.host);
    this.#redraw();
  }

  destroy(): void {
    cancelAnimationFrame(this.#queued);
    clearTimeout(this.#rest);
    this.#observer.disconnect();
    this.#unfollow();
    this.#canvas.remove();
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
    if (this.#from) this.#advance(started);
    if (this.#stale) {
      this.#stale = false;
      const painted = this.#picture(width, height);
      const ms = performance.now() - started;
      if (this.#stride === 1) this.#wholeMs = ms;
      this.events.drawn({ ...painted, ms });
    }
    const context = fitCanvas(this.#overlay, width, height);
    if (context) {
      const projection = projectionOf(this.#camera, this.#extent, { width, height }, this.dims, this.#equal);
      drawOverlay(
        context,
        this.#over,
        this.#px,
        this.#py,
        projection,
        this.#ink,
        { width, height },
        this.dims,
      );
    }
    if (this.#from) this.#redraw();
  }

  /** Moves the points on their way. */
  #advance(time: number): void {
    const [from, to] = [this.#from!, this.#places];
    const part = Math.min(1, (time - this.#movedAt) / MOVE_MS);
    const eased = part * part * (3 - 2 * part);
    blend(from.x, to.x, eased, this.#now.x);
    blend(from.y, to.y, eased, this.#now.y);
    if (from.z && to.z && this.#now.z) blend(from.z, to.z, eased, this.#now.z);
    this.#stale = true;
    if (part < 1) return;
    this.#from = null;
    this.#now = to;
  }

  /** The reader moves the picture: it may be rough until it stands still. */
  #hurry(): void {
    const dense = this.#wholeMs > FRAME_MS;
    this.#stride = dense ? Math.min(STRIDE_MAX, Math.ceil(this.#wholeMs / FRAME_MS)) : 1;
    clearTimeout(this.#rest);
    if (dense) this.#rest = setTimeout(() => this.#complete(), REST_MS);
  }

  #picture(width: number, height: number): Painted {
    this.#arrange(width, height);
    const rough = this.#paint(width, height);
    if (rough) return rough;
    this.#stride = 1;
    this.#arrange(width, height);
    return this.#paint(width, height)!;
  }

  /** Gives each point its pixel. */
  #arrange(width: number, height: number): void {
    const { x, y, z } = this.#now;
    this.#grid = null;
    if (this.#px.length !== x.length) {
      this.#px = new Float32Array(x.length);
      this.#py = new Float32Array(x.length);
    }
    if (!z) this.#depth = null;
    else if (this.#depth?.length !== x.length) this.#depth = new Float32Array(x.length);
    const projection = projectionOf(this.#camera, this.#extent, { width, height }, this.dims, this.#equal);
    project(projection, x, y, z, this.#px, this.#py, this.#depth, this.#stride);
  }

  #paint(width: number, height: number): Painted | null {
    const scale = window.devicePixelRatio || 1;
    const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
    if (this.#canvas.width !== w) this.#canvas.width = w;
    if (this.#canvas.height !== h) this.#canvas.height = h;
    const context = this.#canvas.getContext('2d')!;
    if (this.#raster?.width !== w || this.#raster.height !== h) this.#raster = context.createImageData(w, h);
    // Sharp screens have more pixels; the points stay where they are for everything else.
    const [px, py] =
      scale === 1
        ? [this.#px, this.#py]
        : [this.#px.map((at) => at * scale), this.#py.map((at) => at * scale)];
    const painted = paintCloud(
      this.#raster,
      px,
      py,
      this.#depth,
      this.#look,
      rgbOf(this.#ink.surface),
      scale,
      this.#stride,
    );
    if (!painted) return null;
    context.putImageData(this.#raster, 0, 0);
    return painted;
  }

  /** Makes sure that every point has its pixel. */
  #complete(): void {
    if (this.#stride === 1) return;
    const { width, height } = this.#size();
    this.#stride = 1;
    this.#arrange(width, height);
    this.#redraw();
  }

  #counts(index: number): boolean {
    const stand = this.#look.stand;
    return !stand || (stand[index] !== GONE && stand[index] !== DIM);
  }

  #near({ x, y }: { x: number; y: number }): number | null {
    const { width, height } = this.#size();
    this.#complete();
    if (!this.#grid) {
      // Made when somebody points, not for each picture of a layout that moves.
      const stand = this.#look.stand;
      const px = stand ? this.#px.map((at, i) => (this.#counts(i) ? at : NaN)) : this.#px;
      this.#grid = new ScatterGrid(px, this.#py, width, height);
    }
    return this.#grid.nearest(x, y, REACH);
  }

  #inside(polygon: readonly number[]): Uint32Array {
    this.#complete();
    return pointsInside(polygon, this.#px, this.#py, (i) => this.#counts(i));
  }
}
