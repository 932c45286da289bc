/** Of more points a new choice takes a while: it is made less often while the picture moves. */
const MANY = 50_000;
/** How long a choice stands while the picture moves. */
const EVERY_MS = 400;

/** Keeps the choice of the points that have marks as the picture changes. */
export class MarkKeeper {
  points: readonly number[] = [];
  #chosenAt = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `choose` makes the choice, `chosen` hears of one that is another than before. */
  constructor(
    private readonly choose: () => readonly number[],
    private readonly chosen: (points: readonly number[]) => void,
  ) {}

  /** The picture of so many points changed; `moves` while they are on their way, so that the next picture is another again. */
  changed(count: number, moves: boolean): void {
    const left = count > MANY || moves ? this.#chosenAt + EVERY_MS - performance.now() : 0;
    clearTimeout(this.#timer);
    if (left <= 0) this.renew();
    else this.#timer = setTimeout(() => this.renew(), left);
  }

  /** Makes the choice now. */
  renew(): void {
    clearTimeout(this.#timer);
    this.#chosenAt = performance.now();
    const points = this.choose();
    if (points.length === this.points.length && points.every((point, k) => point === this.points[k])) return;
    this.points = points;
    this.chosen(points);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
