/** Draws what belongs to a step. */
export type Draw = (step: number) => void;

/** Milliseconds of one picture of the screen that drawing may take; the rest of 16 is the browser's, which has to show it all. */
const BUDGET_MS = 6;

/**
 * Lets many small screens draw in turn, so that together they never take longer than a budget: where there are too many for the
 * machine each shows fewer pictures a second, and the page stays quick.
 */
export class PaintTurns {
  readonly #draws = new Set<Draw>();
  /** Those still to draw in this round. */
  #pending: Draw[] = [];
  /** Another round was asked for while one is under way. */
  #again = false;

  constructor(
    private readonly budgetMs: number = BUDGET_MS,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** Adds one, which draws in this round; the function returned takes it away. */
  add(draw: Draw): () => void {
    this.#draws.add(draw);
    this.#pending.push(draw);
    return () => {
      this.#draws.delete(draw);
      this.#pending = this.#pending.filter((other) => other !== draw);
    };
  }

  /** Asks for a round in which each draws once. */
  request(): void {
    if (this.#pending.length > 0) this.#again = true;
    else this.#pending = [...this.#draws];
  }

  /** Draws until the budget is spent, at least one. True when some have not had their turn. */
  serve(step: number): boolean {
    const start = this.now();
    while (this.#pending.length > 0) {
      this.#pending.shift()!(step);
      if (this.now() - start >= this.budgetMs) break;
    }
    if (this.#pending.length === 0 && this.#again) {
      this.#again = false;
      this.#pending = [...this.#draws];
    }
    return this.#pending.length > 0;
  }

  clear(): void {
    this.#draws.clear();
    this.#pending = [];
  }
}
