import type { WhatIf, WhatIfQuery } from '../api/what_if';

/** Asks one question. */
export type AskWhatIf = (query: WhatIfQuery, signal: AbortSignal) => Promise<WhatIf>;

/** An answer and what was asked. */
export interface Outcome {
  query: WhatIfQuery;
  answer: WhatIf;
}

/**
 * Questions that follow a hand: while one is on its way, only the newest of those that came since waits behind it, so that every answer is
 * shown and none is stale for longer than two of them take.
 */
export class WhatIfSource {
  /** The newest answer. */
  outcome: Outcome | null = null;
  /** Why the newest question has no answer; null when it has, or will. */
  error: Error | null = null;
  private wanted = '';
  private next: WhatIfQuery | null = null;
  private flight: AbortController | null = null;

  constructor(
    private readonly send: AskWhatIf,
    private readonly onchange: () => void,
  ) {}

  /** Whether an answer is on its way. */
  get busy(): boolean {
    return this.flight !== null;
  }

  /** Asks, unless this is what was asked last. */
  ask(query: WhatIfQuery): void {
    const key = JSON.stringify(query);
    if (key === this.wanted) return;
    this.wanted = key;
    this.next = query;
    if (!this.flight) void this.go();
  }

  /** Asks the last question again. */
  retry(): void {
    const asked = this.wanted;
    this.wanted = '';
    if (asked) this.ask(JSON.parse(asked) as WhatIfQuery);
  }

  /** Forgets what is on its way, and what was asked. */
  close(): void {
    this.flight?.abort();
    this.flight = this.next = null;
    this.wanted = '';
  }

  private async go(): Promise<void> {
    const flight = new AbortController();
    this.flight = flight;
    this.onchange();
    while (this.next) {
      const query = this.next;
      this.next = null;
      try {
        const answer = await this.send(query, flight.signal);
        if (flight.signal.aborted) return;
        this.outcome = { query, answer };
        this.error = null;
      } catch (error) {
        if (flight.signal.aborted) return;
        this.error = error instanceof Error ? error : new Error(String(error));
      }
      this.onchange();
    }
    this.flight = null;
    this.onchange();
  }
}
