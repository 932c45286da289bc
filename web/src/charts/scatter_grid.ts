/** Side of a cell in CSS pixels: about the reach of a pointer. */
const CELL = 16;

/**
 * Finds the point nearest to a pixel among a million: points sorted into square cells. Points whose pixel is NaN, or far outside, are in none.
 */
export class ScatterGrid {
  readonly #columns: number;
  readonly #rows: number;
  /** Cell `c` holds `#order[#starts[c]]` up to `#order[#starts[c + 1]]`. */
  readonly #starts: Uint32Array;
  readonly #order: Uint32Array;
  readonly #x: Float32Array;
  readonly #y: Float32Array;

  /** Of points at pixels `x`, `y` in an area of that size. */
  constructor(x: Float32Array, y: Float32Array, width: number, height: number) {
    this.#x = x;
    this.#y = y;
    this.#columns = Math.max(1, Math.ceil(width / CELL) + 1);
    this.#rows = Math.max(1, Math.ceil(height / CELL) + 1);
    const starts = new Uint32Array(this.#columns * this.#rows + 1);
    for (let i = 0; i < x.length; i++) {
      const cell = this.#cellOf(x[i], y[i]);
      if (cell >= 0) starts[cell + 1] += 1;
    }
    for (let c = 0; c + 1 < starts.length; c++) starts[c + 1] += starts[c];
    const next = starts.slice();
    this.#order = new Uint32Array(starts[starts.length - 1]);
    for (let i = 0; i < x.length; i++) {
      const cell = this.#cellOf(x[i], y[i]);
      if (cell >= 0) this.#order[next[cell]++] = i;
    }
    this.#starts = starts;
  }

  /** The point nearest to a pixel within `reach`, the later of two equally near; null when there is none. */
  nearest(px: number, py: number, reach: number): number | null {
    let best: number | null = null;
    let bestDistance = reach * reach;
    const [left, right] = [Math.floor((px - reach) / CELL), Math.floor((px + reach) / CELL)];
    const [top, bottom] = [Math.floor((py - reach) / CELL), Math.floor((py + reach) / CELL)];
    for (let row = Math.max(0, top); row <= Math.min(this.#rows - 1, bottom); row++) {
      for (let column = Math.max(0, left); column <= Math.min(this.#columns - 1, right); column++) {
        const cell = row * this.#columns + column;
        for (let at = this.#starts[cell]; at < this.#starts[cell + 1]; at++) {
          const i = this.#order[at];
          const distance = (this.#x[i] - px) ** 2 + (this.#y[i] - py) ** 2;
          if (distance <= bestDistance) [best, bestDistance] = [i, distance];
        }
      }
    }
    return best;
  }

  #cellOf(x: number, y: number): number {
    const column = Math.floor(x / CELL);
    const row = Math.floor(y / CELL);
    // Also false for NaN.
    const inside = column >= 0 && column < this.#columns && row >= 0 && row < this.#rows;
    return inside ? row * this.#columns + column : -1;
  }
}
