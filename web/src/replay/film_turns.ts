/** Players that many small screens have together: browsers allow some dozens a page, and each decodes by itself. */
export const FILMS_AT_ONCE = 12;

/** Gives a bounded number of places to those who asked first; a place that is given back goes to the next. */
export class FilmTurns {
  readonly #waiting = new Set<() => void>();
  #free: number;

  constructor(places: number = FILMS_AT_ONCE) {
    this.#free = places;
  }

  /** Tells, at once or later, that there is a place; the function returned gives it back or no longer waits for one. */
  take(go: () => void): () => void {
    let has = false;
    const mine = () => {
      has = true;
      this.#free -= 1;
      go();
    };
    this.#waiting.add(mine);
    this.#serve();
    let over = false;
    return () => {
      if (over) return;
      over = true;
      this.#waiting.delete(mine);
      if (has) this.#free += 1;
      this.#serve();
    };
  }

  #serve(): void {
    for (const next of this.#waiting) {
      if (this.#free === 0) return;
      this.#waiting.delete(next);
      next();
    }
  }
}
