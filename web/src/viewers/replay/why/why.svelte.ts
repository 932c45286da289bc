import type { Client } from '../../../api/client';
import type { Explanations } from '../../../api/attribution';
import { AttributionSource } from '../../../replay/attribution_source';
import type { WhySpec } from './why_spec';

/** What the networks of one episode say, as far as the page has asked. */
export class Why {
  /** What can be asked; null until it is known. */
  choices = $state.raw<Explanations | null>(null);
  /** Why nothing can be asked. */
  error = $state.raw<Error | null>(null);
  /** Counts answers: who reads it follows them. */
  arrivals = $state(0);
  #source: AttributionSource | null = null;
  #asked = '';
  #loading = false;
  readonly #abort = new AbortController();

  constructor(
    private readonly client: Client,
    readonly run: string,
    readonly episode: number,
    private readonly count: () => number,
    private readonly onarrival: () => void,
  ) {}

  /** Asks once what can be asked. */
  open(): void {
    if (this.#loading || this.choices) return;
    this.#loading = true;
    this.client
      .explanations(this.run, this.episode, this.#abort.signal)
      .then((choices) => (this.choices = choices))
      .catch((error: unknown) => {
        if (!this.#abort.signal.aborted)
          this.error = error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => (this.#loading = false));
  }

  /** Answers to one question; another question begins anew. */
  source(spec: WhySpec): AttributionSource {
    const key = JSON.stringify([spec.method, spec.target, spec.checkpoint, spec.layer, this.count()]);
    if (this.#source && this.#asked === key) return this.#source;
    this.#source?.close();
    const query = {
      method: spec.method,
      target: spec.target,
      checkpoint: spec.checkpoint ?? undefined,
      wrt: spec.layer ?? undefined,
    };
    this.#asked = key;
    this.#source = new AttributionSource(
      this.count(),
      (from, to, signal) => this.client.attribution(this.run, this.episode, query, { from, to }, signal),
      () => {
        this.arrivals += 1;
        this.onarrival();
      },
    );
    return this.#source;
  }

  close(): void {
    this.#abort.abort();
    this.#source?.close();
  }
}
