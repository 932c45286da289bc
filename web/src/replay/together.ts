import type { AttributionQuery, Attributions } from '../api/attribution';

/** Steps `from <= step < to`. */
interface Range {
  from: number;
  to: number;
}

/** Asks the server about one target, and about several at once. */
export interface Asked {
  one: (query: AttributionQuery, range: Range, signal: AbortSignal) => Promise<Attributions>;
  several: (
    query: AttributionQuery,
    targets: readonly string[],
    range: Range,
    signal: AbortSignal,
  ) => Promise<Attributions[]>;
}

interface Waiting {
  query: AttributionQuery;
  range: Range;
  signal: AbortSignal;
  resolve: (found: Attributions) => void;
  reject: (why: unknown) => void;
}

/** Most targets of one request. */
const TARGETS_MAX = 4;

/**
 * Questions about the same steps that differ in their target alone, asked in the same moment, become one request: actor and critic share the passes through the network.
 */
export class Together {
  #waiting: Waiting[] = [];
  /** Targets that could not be asked together. */
  readonly #apart = new Set<string>();

  constructor(private readonly asked: Asked) {}

  /** The answer to one question; others that are asked before the end of this moment may share its request. */
  ask(query: AttributionQuery, range: Range, signal: AbortSignal): Promise<Attributions> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) queueMicrotask(() => this.#send());
      this.#waiting.push({ query, range, signal, resolve, reject });
    });
  }

  #send(): void {
    const groups = new Map<string, Waiting[]>();
    for (const one of this.#waiting) {
      const { target, ...rest } = one.query;
      // What has several answers by itself goes alone.
      const key = isPlain(target) ? JSON.stringify([rest, one.range]) : `${groups.size} alone`;
      groups.set(key, [...(groups.get(key) ?? []), one]);
    }
    this.#waiting = [];
    for (const group of groups.values())
      for (let start = 0; start < group.length; start += TARGETS_MAX)
        void this.#sendGroup(group.slice(start, start + TARGETS_MAX));
  }

  async #sendGroup(group: Waiting[]): Promise<void> {
    const { query, range } = group[0]!;
    const targets = [...new Set(group.map((one) => one.query.target))];
    const key = JSON.stringify([query.method, targets]);
    if (targets.length > 1 && !this.#apart.has(key)) {
      const abort = new AbortController();
      const leave = () => {
        if (group.every(({ signal }) => signal.aborted)) abort.abort();
      };
      for (const { signal } of group) signal.addEventListener('abort', leave);
      try {
        const found = await this.asked.several(query, targets, range, abort.signal);
        if (found.length === targets.length) {
          for (const one of group) settle(one, found[targets.indexOf(one.query.target)]!);
          return;
        }
        this.#apart.add(key);
      } catch {
        // One of them may have an answer where another has none: each is told its own error.
        if (!abort.signal.aborted) this.#apart.add(key);
      } finally {
        for (const { signal } of group) signal.removeEventListener('abort', leave);
      }
    }
    for (const one of group) this.asked.one(one.query, one.range, one.signal).then(one.resolve, one.reject);
  }
}

/** An answer that nobody waits for any more is none. */
function settle({ signal, resolve, reject }: Waiting, found: Attributions): void {
  if (signal.aborted) reject(signal.reason);
  else resolve(found);
}

/** Whether a target has one answer by its looks; `top3`, `all` and lists have several. */
function isPlain(target: string): boolean {
  return !target.includes(',') && !/^(all|top\d*)/.test(target);
}
