import type { Parity } from '../../../api/trust';

/** What is known of one network. */
export type ParityState =
  { kind: 'waiting' } | { kind: 'compared'; parity: Parity } | { kind: 'failed'; error: Error };

/** Asks whether a checkpoint (null: the one in force) is the network that acted. */
export type AskParity = (checkpoint: number | null, signal: AbortSignal) => Promise<Parity>;

/** Comparisons of an episode's networks with what was logged, each asked for once, and only when somebody wants to know. */
export class ParityCheck {
  #states = $state.raw<ReadonlyMap<number | null, ParityState>>(new Map());
  readonly #abort = new AbortController();

  constructor(private readonly send: AskParity) {}

  /** Undefined while nobody asked. */
  of(checkpoint: number | null): ParityState | undefined {
    return this.#states.get(checkpoint);
  }

  /** Asks, unless it is known or on its way. What failed is asked again. */
  ask(checkpoint: number | null): void {
    const known = this.of(checkpoint);
    if (known && known.kind !== 'failed') return;
    this.#set(checkpoint, { kind: 'waiting' });
    this.send(checkpoint, this.#abort.signal)
      .then((parity) => this.#set(checkpoint, { kind: 'compared', parity }))
      .catch((error: unknown) => {
        if (this.#abort.signal.aborted) return;
        this.#set(checkpoint, {
          kind: 'failed',
          error: error instanceof Error ? error : new Error(String(error)),
        });
      });
  }

  close(): void {
    this.#abort.abort();
  }

  #set(checkpoint: number | null, state: ParityState): void {
    this.#states = new Map(this.#states).set(checkpoint, state);
  }
}
