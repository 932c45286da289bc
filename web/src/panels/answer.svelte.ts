import { Latest } from '../api/latest';
import { Throttle } from '../api/throttle';

/** An answer that grows is asked for again at most this often. */
const RELOAD_INTERVAL_MS = 2000;

/** The newest answer to one question at a time; the one before stays on the screen until the next is there. */
export class Answer<T> {
  value = $state.raw<T | null>(null);
  error = $state.raw<unknown>(null);
  loaded = $state(false);

  readonly #latest = new Latest();
  readonly #reload = new Throttle(() => this.#load(), RELOAD_INTERVAL_MS);
  #question = '';
  #ask: ((signal: AbortSignal) => Promise<T>) | null = null;

  /** Asks, at once when `question` is another than before, else as often as an answer that grows is worth. */
  want(question: string, ask: (signal: AbortSignal) => Promise<T>): void {
    this.#ask = ask;
    if (question !== this.#question) {
      this.#question = question;
      this.#reload.cancel();
      this.value = null;
      this.loaded = false;
    }
    this.#reload.request();
  }

  dispose(): void {
    this.#ask = null;
    this.#latest.cancel();
    this.#reload.cancel();
  }

  async #load(): Promise<void> {
    const ask = this.#ask;
    if (!ask) return;
    try {
      const value = await this.#latest.run(ask);
      if (value === undefined) return;
      this.value = value;
      this.error = null;
    } catch (error) {
      this.error = error;
    }
    this.loaded = true;
  }
}
