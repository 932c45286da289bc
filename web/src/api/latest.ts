/**
 * Lets only the newest of several overlapping requests answer: a stale answer never overwrites a fresh one.
 *
 * Starting a request aborts the one before it; that one then resolves to `undefined`, also when its answer came all the same.
 */
export class Latest {
  #current: AbortController | null = null;

  /** Runs `work`. Resolves to its answer, or to `undefined` once a newer `run` or `cancel` overtook it. Other errors pass through. */
  async run<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined> {
    this.cancel();
    const controller = new AbortController();
    this.#current = controller;
    try {
      const answer = await work(controller.signal);
      return controller.signal.aborted ? undefined : answer;
    } catch (error) {
      if (controller.signal.aborted) return undefined;
      throw error;
    } finally {
      if (this.#current === controller) this.#current = null;
    }
  }

  /** Forgets the request under way, if any. */
  cancel(): void {
    this.#current?.abort();
    this.#current = null;
  }
}
