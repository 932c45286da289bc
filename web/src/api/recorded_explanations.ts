import {
  attributionsOf,
  totalsOf,
  type AttributionQuery,
  type Attributions,
  type AttributionTotals,
  type Explanations,
} from './attribution';
import { ExplanationsClient } from './explanations_client';
import { notInReport } from './record_book';
import { episodesAt, type RecordedAnswers, type RecordedQuery } from './recorded_answers';
import type { Source } from './source';

/** Explanations out of what a report carries. */
export class RecordedExplanations extends ExplanationsClient {
  constructor(
    source: Source,
    private readonly answers: RecordedAnswers,
  ) {
    super(source);
  }

  /** What the report has answers to, of all that could be asked of the networks. */
  override async offered(run: string, episode: number, signal?: AbortSignal): Promise<Explanations> {
    const all = await super.offered(run, episode, signal);
    const { explanations, features } = this.answers.episode(run, episode);
    const has = (test: (one: { method: string; target: string; layer: string | null }) => boolean) =>
      explanations.some(test);
    const targets = [...new Set(explanations.map(({ target }) => target))];
    const networks = new Set(features.map(({ checkpoint }) => checkpoint));
    const inForce = all.checkpoints[all.in_force];
    return {
      ...all,
      checkpoints: all.checkpoints.filter((one) => one === inForce || networks.has(one.global_step)),
      in_force: all.checkpoints
        .filter((one) => one === inForce || networks.has(one.global_step))
        .findIndex((one) => one === inForce),
      // One that is made of others, such as 3-1, is not in the list of targets.
      targets: targets.map(
        (name) => all.targets.find((one) => one.name === name) ?? { name, label: null, several: false },
      ),
      views: all.views.slice(0, 1),
      layers: all.layers.filter(
        ({ name }) => has(({ layer }) => layer === name) || features.some(({ layer }) => layer === name),
      ),
      methods: all.methods
        .filter(({ name }) => has(({ method }) => method === name))
        .map((one) => ({ ...one, params: [] })),
    };
  }

  override async attribution(
    run: string,
    episode: number,
    asked: AttributionQuery,
    range: { from: number; to: number },
  ): Promise<Attributions> {
    const path = `${episodesAt(run)}/${episode}/attribution`;
    const query = this.#questionOf(run, episode, asked);
    // A table reads the numbers out of what the picture has where the report has no others.
    for (const as of asked.as ? [asked.as, null] : [null]) {
      const found = await this.answers.steps(path, { ...query, as, only: null }, range);
      if (found) return attributionsOf(found);
    }
    throw notInReport();
  }

  override attributions(
    run: string,
    episode: number,
    query: AttributionQuery,
    targets: readonly string[],
    range: { from: number; to: number },
  ): Promise<Attributions[]> {
    return Promise.all(targets.map((target) => this.attribution(run, episode, { ...query, target }, range)));
  }

  override async totals(
    run: string,
    episode: number,
    asked: AttributionQuery,
    range: { from: number; to: number },
  ): Promise<AttributionTotals> {
    const path = `${episodesAt(run)}/${episode}/attribution`;
    const query = this.#questionOf(run, episode, asked);
    const found = await this.answers.steps(path, { ...query, only: 'totals' }, range);
    if (!found) throw notInReport();
    return totalsOf(found);
  }

  /** A question as it was recorded: with the network in force, and every setting as the method has it. */
  #questionOf(
    run: string,
    episode: number,
    { method, target, wrt, of, params }: AttributionQuery,
  ): RecordedQuery {
    const isKept = this.answers
      .episode(run, episode)
      .explanations.some(
        (one) => one.method === method && one.target === target && one.layer === (wrt ?? null),
      );
    if (!isKept || of !== undefined || Object.keys(params ?? {}).length > 0) throw notInReport();
    return { method, target, wrt: wrt ?? null };
  }
}
