import type { Client } from '../api/client';
import type { Features, FeaturesProgress, FeaturesQuery } from '../api/features';
import { Kept } from '../replay/kept';

/** Answers that are kept, over all runs. */
const KEPT_MAX = 24;

/** A layer being taken apart, or taken apart. */
export class FeatureAsk {
  progress = $state.raw<FeaturesProgress | null>(null);
  features = $state.raw<Features | null>(null);
  error = $state.raw<Error | null>(null);
  running = $state(false);
  /** The reader stopped it. */
  stopped = $state(false);
  #abort: AbortController | null = null;

  constructor(
    private readonly client: Client,
    readonly run: string,
    readonly query: FeaturesQuery,
    private readonly ondone: () => void,
  ) {}

  /** Begins, unless it runs or is done. */
  start(): void {
    if (this.running || this.features) return;
    const abort = (this.#abort = new AbortController());
    this.running = true;
    this.stopped = false;
    this.error = this.progress = null;
    this.client.features
      .find(this.run, this.query, (progress) => (this.progress = progress), abort.signal)
      .then((features) => {
        this.features = features;
        this.ondone();
      })
      .catch((error: unknown) => {
        if (!abort.signal.aborted) this.error = error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => {
        if (this.#abort === abort) this.running = false;
      });
  }

  /** Stops the computation; `start` begins anew. */
  stop(): void {
    if (!this.running) return;
    this.stopped = true;
    this.running = false;
    this.#abort?.abort();
    this.#abort = null;
  }

  /** The server forgot the answer: asks again. What is shown stays until the new one is there. */
  renew(): void {
    if (this.running) return;
    const before = this.features;
    this.features = null;
    this.start();
    this.features = before;
  }
}

/** What was taken apart since the page was opened, by run; equal questions are one. */
export class FeatureBook {
  /** Counts answers: who lists them follows it. */
  arrivals = $state(0);
  readonly #asks = new Kept<string, FeatureAsk>(KEPT_MAX);
  readonly #done = new Map<string, FeatureAsk>();

  constructor(private readonly client: Client) {}

  /** The answer to a question; it begins when told. */
  ask(run: string, query: FeaturesQuery): FeatureAsk {
    const key = keyOf(run, query);
    const known = this.#asks.get(key);
    if (known) return known;
    const made = new FeatureAsk(this.client, run, query, () => {
      this.#done.set(key, made);
      if (this.#done.size > KEPT_MAX) this.#done.delete(this.#done.keys().next().value!);
      this.arrivals += 1;
    });
    this.#asks.put(key, made);
    return made;
  }

  /** Questions about a run that were answered, the newest last. */
  doneOf(run: string): FeatureAsk[] {
    void this.arrivals;
    return [...this.#done.values()].filter((one) => one.run === run);
  }
}

const books = new WeakMap<Client, FeatureBook>();

/** The book of the app. */
export function featureBook(client: Client): FeatureBook {
  let book = books.get(client);
  if (!book) books.set(client, (book = new FeatureBook(client)));
  return book;
}

function keyOf(run: string, { layer, checkpoint, of, factors, steps, episodes }: FeaturesQuery): string {
  return JSON.stringify([run, layer, checkpoint, of, factors, steps, episodes]);
}
