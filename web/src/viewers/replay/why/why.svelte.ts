import type { Client } from '../../../api/client';
import type {
  AttributionQuery,
  Attributions,
  CheckpointChoice,
  Explanations,
} from '../../../api/attribution';
import { stepReach, type HeatView } from '../../../charts/heat_cells';
import { commonReach } from '../../../charts/heat_scale';
import { AttributionSource, rowOf } from '../../../replay/attribution_source';
import { AttributionTotals } from '../../../replay/attribution_totals';
import { Together } from '../../../replay/together';
import { ParityCheck } from './parity_check.svelte';
import { QualityCheck } from './quality_check.svelte';
import { keyOf, type Question } from './why_spec';

/** Questions whose answers are kept: more than a page shows at once. */
const SOURCES_MAX = 12;

interface Sides {
  height: number;
  width: number;
}

/** What the networks of one episode say, as far as the page has asked. */
export class Why {
  /** What can be asked; null until it is known. */
  choices = $state.raw<Explanations | null>(null);
  /** Why nothing can be asked. */
  error = $state.raw<Error | null>(null);
  /** Counts answers: who reads it follows them. */
  arrivals = $state(0);
  /** Whether the networks are those that acted. */
  readonly parity: ParityCheck;
  /** How far one explanation is to be trusted. */
  readonly quality: QualityCheck;
  readonly #sources = new Map<string, AttributionSource>();
  readonly #totals = new Map<string, AttributionTotals>();
  /** Ends of scales of whole answers, by how they are looked at. */
  readonly #reaches = new WeakMap<Attributions, Map<string, number[]>>();
  /** Actor and critic over one picture are one request. */
  readonly #together = new Together({
    one: (query, range, signal) =>
      this.client.explanations.attribution(this.run, this.episode, query, range, signal),
    several: (query, targets, range, signal) =>
      this.client.explanations.attributions(this.run, this.episode, query, targets, range, signal),
  });
  #loading = false;
  readonly #abort = new AbortController();

  constructor(
    private readonly client: Client,
    readonly run: string,
    readonly episode: number,
    private readonly count: () => number,
    /** Whether the observation is numbers to be read rather than a picture to be seen. */
    readonly isVector: () => boolean,
    private readonly onarrival: () => void,
  ) {
    this.parity = new ParityCheck((checkpoint, signal) =>
      client.explanations.parity(run, episode, checkpoint, signal),
    );
    this.quality = new QualityCheck((question, step, check, signal) =>
      client.explanations.quality(run, episode, { ...queryOf(question), step, checks: [check] }, signal),
    );
  }

  /** Asks once what can be asked. */
  open(): void {
    if (this.#loading || this.choices || this.error) return;
    this.#loading = true;
    this.client.explanations
      .offered(this.run, this.episode, this.#abort.signal)
      .then((choices) => (this.choices = choices))
      .catch((error: unknown) => {
        if (!this.#abort.signal.aborted)
          this.error = error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => (this.#loading = false));
  }

  /** Asks again after it failed. */
  retry(): void {
    this.error = null;
    this.open();
  }

  /** The network that a question is put to. */
  network({ checkpoint }: Question): CheckpointChoice | undefined {
    const { choices } = this;
    return (
      choices?.checkpoints.find(({ global_step }) => global_step === checkpoint) ??
      choices?.checkpoints[choices.in_force]
    );
  }

  /**
   * Answers to one question: a byte an element for pictures, `exact` numbers for tables. The question not asked for the longest time is forgotten when there are too many.
   */
  source(question: Question, exact = this.isVector()): AttributionSource {
    const key = `${keyOf(question)} ${exact} ${this.count()}`;
    const known = this.#sources.get(key);
    if (known) {
      // Those used last are at the end of the map.
      this.#sources.delete(key);
      this.#sources.set(key, known);
      return known;
    }
    const query: AttributionQuery = { ...queryOf(question), as: exact ? 'float32' : undefined };
    const source = new AttributionSource(
      this.count(),
      (from, to, signal) => this.#together.ask(query, { from, to }, signal),
      () => this.#arrived(),
    );
    this.#sources.set(key, source);
    for (const [old, one] of this.#sources) {
      if (this.#sources.size <= SOURCES_MAX) break;
      one.close();
      this.#sources.delete(old);
    }
    return source;
  }

  /** Totals of one question over the whole episode; it begins when told. Others stop. */
  totals(question: Question, step: () => number): AttributionTotals {
    const key = `${keyOf(question)} ${this.count()}`;
    for (const [other, one] of this.#totals) if (other !== key) one.stop();
    const known = this.#totals.get(key);
    if (known) return known;
    const query = queryOf(question);
    const made = new AttributionTotals(
      this.count(),
      (from, to, signal) =>
        this.client.explanations.totals(this.run, this.episode, query, { from, to }, signal),
      step,
      () => [...this.#sources.values()].some(({ isBusy }) => isBusy),
      () => this.#arrived(),
    );
    this.#totals.set(key, made);
    return made;
  }

  /** The end of one scale for all answers to a question that are here, and of how many steps it is. */
  commonScale(
    question: Question,
    view: Omit<HeatView, 'reach'>,
    picture: Sides | null,
  ): { reach: number; steps: number } {
    const text = JSON.stringify([view, picture]);
    const all: number[] = [];
    for (const block of this.source(question).blocksKept()) {
      let seen = this.#reaches.get(block);
      if (!seen) this.#reaches.set(block, (seen = new Map()));
      let reaches = seen.get(text);
      if (!reaches) {
        const rows = Array.from({ length: block.rows }, (_, row) => rowOf(block, row));
        // The largest of a step, whatever is cut off of a single one.
        reaches = rows.flatMap((row) => (row ? [stepReach(row, { ...view, outliers: 0 }, picture)] : []));
        seen.set(text, reaches);
      }
      all.push(...reaches);
    }
    return { reach: commonReach(all), steps: all.length };
  }

  close(): void {
    this.#abort.abort();
    this.parity.close();
    this.quality.stop();
    for (const source of this.#sources.values()) source.close();
    for (const totals of this.#totals.values()) totals.stop();
  }

  #arrived(): void {
    this.arrivals += 1;
    this.onarrival();
  }
}

function queryOf({ method, target, checkpoint, layer, of, params }: Question): AttributionQuery {
  return {
    method,
    target,
    checkpoint: checkpoint ?? undefined,
    wrt: layer ?? undefined,
    of: of ?? undefined,
    params,
  };
}
