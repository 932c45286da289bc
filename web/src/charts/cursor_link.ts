/** Joins the cursors of charts that share an x axis: what one points at, all show. */
export class CursorLink {
  readonly #listeners = new Set<(x: number | null, source: unknown) => void>();

  /** Moves the cursor of every chart that listens; null hides it. */
  point(x: number | null, source: unknown): void {
    this.#listeners.forEach((moved) => moved(x, source));
  }

  /** Follows the cursor; the function returned stops. */
  listen(moved: (x: number | null, source: unknown) => void): () => void {
    this.#listeners.add(moved);
    return () => this.#listeners.delete(moved);
  }
}
