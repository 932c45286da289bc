/**
 * Runs `work` at once, then at most every `interval` milliseconds however often it is asked for; the last request is never lost.
 * Work that takes longer than the interval is not started again before it ended.
 */
export class Throttle {
  readonly #work: () => void | Promise<void>;
  readonly #interval: number;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #busy = false;
  #again = false;

  constructor(work: () => void | Promise<void>, interval: number) {
    this.#work = work;
    this.#interval = interval;
  }

  /** Asks for a run. */
  request(): void {
    if (this.#busy) this.#again = true;
    else void this.#run();
  }

  /** Forgets requests that have not started. */
  cancel(): void {
    clearTimeout(this.#timer);
    this.#again = false;
    this.#busy = false;
  }

  async #run(): Promise<void> {
    this.#busy = true;
    this.#again = false;
    const startedAt = Date.now();
    try {
      await this.#work();
    } finally {
      const rest = this.#interval - (Date.now() - startedAt);
      this.#timer = setTimeout(
        () => {
          this.#busy = false;
          if (this.#again) void this.#run();
        },
        Math.max(0, rest),
      );
    }
  }
}
