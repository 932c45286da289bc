import { project, type Projection } from './cloud_camera';
import { pointsInside } from './cloud_lasso';
import type { CloudPlaces } from './cloud_points';
import { sampleOf } from './cloud_sample';
import { spreadOf, type SpreadRoom, type SpreadView } from './cloud_spread';
import { ScatterGrid } from './scatter_grid';

/** How near a pixel must be to a point, in CSS pixels. */
const REACH = 14;

interface Size {
  width: number;
  height: number;
}

/** Whether a point can be pointed at and enclosed: it is neither gone nor dimmed. */
type Counts = (point: number) => boolean;

/**
 * Where points are on the screen, in CSS pixels: of all of them, or of a fair sample while the picture moves. What is asked of single
 * points is answered for all.
 */
export class CloudPixels {
  px = new Float32Array(0);
  py = new Float32Array(0);
  depth: Float32Array | null = null;
  /** The points that have their pixels; null for all. */
  sample: Uint32Array | null = null;
  #every = 1;
  #samples: { count: number; every: number; sample: Uint32Array | null } = {
    count: 0,
    every: 1,
    sample: null,
  };
  #last: { places: CloudPlaces; projection: Projection } | null = null;
  /** What the points of a look are found by; made when somebody points, not for each picture of a layout that moves. */
  #grid: { of: Counts; grid: ScatterGrid } | null = null;

  /** Gives one of every `every` points its pixel. */
  arrange(places: CloudPlaces, projection: Projection, every: number): void {
    const { x, y, z } = places;
    if (this.px.length !== x.length) {
      this.px = new Float32Array(x.length);
      this.py = new Float32Array(x.length);
    }
    if (!z) this.depth = null;
    else if (this.depth?.length !== x.length) this.depth = new Float32Array(x.length);
    if (this.#samples.count !== x.length || this.#samples.every !== every)
      this.#samples = { count: x.length, every, sample: sampleOf(x.length, every) };
    this.#every = every;
    this.sample = this.#samples.sample;
    this.#last = { places, projection };
    this.#grid = null;
    project(projection, x, y, z, this.px, this.py, this.depth, this.sample);
  }

  /** Gives every point its pixel; says whether some had none. */
  complete(): boolean {
    if (this.#every === 1 || !this.#last) return false;
    this.arrange(this.#last.places, this.#last.projection, 1);
    return true;
  }

  /** Where a point is drawn; null when it has no place. */
  at(point: number): { x: number; y: number } | null {
    this.complete();
    const [x, y] = [this.px[point], this.py[point]];
    return x === x && y === y && x !== undefined ? { x, y } : null;
  }

  /** The point nearest to a pixel, among those near it that count. */
  near(x: number, y: number, { width, height }: Size, counts: Counts | null): number | null {
    this.complete();
    const of = counts ?? everyPoint;
    if (this.#grid?.of !== of) {
      const px = counts ? this.px.map((at, i) => (counts(i) ? at : NaN)) : this.px;
      this.#grid = { of, grid: new ScatterGrid(px, this.py, width, height) };
    }
    return this.#grid.grid.nearest(x, y, REACH);
  }

  /** Points inside of a polygon. */
  inside(polygon: readonly number[], counts: Counts | null): Uint32Array {
    this.complete();
    return pointsInside(polygon, this.px, this.py, counts ?? everyPoint);
  }

  /** Points that count, with room for something at each; see [`spreadOf`]. */
  spread(view: SpreadView, room: SpreadRoom, counts: Counts | null): number[] {
    this.complete();
    return spreadOf(this.px, this.py, view, room, counts);
  }
}

const everyPoint: Counts = () => true;
