import {
  attributionsOf,
  attributionsOfEach,
  explanationsOf,
  totalsOf,
  type AttributionQuery,
  type Attributions,
  type AttributionTotals,
  type Explanations,
} from './attribution';
import { decodeColumns } from './columns';
import { at, search } from './paths';
import { ApiError, type Source } from './source';
import type { Parity, Quality, QualityQuery } from './trust';
import {
  disagreementOf,
  whatIfOf,
  type Counterfactual,
  type CounterfactualQuery,
  type Disagreement,
  type SearchLine,
  type WhatIf,
  type WhatIfQuery,
} from './what_if';

/** Why a policy said what it said at the steps of an episode, and what it would say otherwise (`docs/http.md`). */
export class ExplanationsClient {
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  /** What can be asked of the networks of an episode; an error says what to log. */
  async offered(run: string, episode: number, signal?: AbortSignal): Promise<Explanations> {
    return explanationsOf(await this.#source.json(`${at(run)}/episodes/${episode}/explanations`, { signal }));
  }

  /** Why the policy said what it said at some steps, at most 64. */
  async attribution(
    run: string,
    episode: number,
    { params, ...query }: AttributionQuery,
    range: { from: number; to: number },
    signal?: AbortSignal,
  ): Promise<Attributions> {
    const path = `${at(run)}/episodes/${episode}/attribution${search({ ...params, ...query, ...range })}`;
    return attributionsOf(decodeColumns(await this.#source.bytes(path, { signal })));
  }

  /** The same for several targets, which are computed together: an answer each. */
  async attributions(
    run: string,
    episode: number,
    { params, ...query }: AttributionQuery,
    targets: readonly string[],
    range: { from: number; to: number },
    signal?: AbortSignal,
  ): Promise<Attributions[]> {
    const asked = search({ ...params, ...query, target: targets.join(','), ...range });
    const path = `${at(run)}/episodes/${episode}/attribution${asked}`;
    return attributionsOfEach(decodeColumns(await this.#source.bytes(path, { signal })));
  }

  /** The same as `attribution`, but only what each step's numbers sum to. */
  async totals(
    run: string,
    episode: number,
    { params, ...query }: AttributionQuery,
    range: { from: number; to: number },
    signal?: AbortSignal,
  ): Promise<AttributionTotals> {
    const asked = search({ ...params, ...query, ...range, only: 'totals' });
    const columns = decodeColumns(
      await this.#source.bytes(`${at(run)}/episodes/${episode}/attribution${asked}`, { signal }),
    );
    return totalsOf(columns);
  }

  /** Whether a checkpoint, or the one in force, is the network that acted. */
  parity(
    run: string,
    episode: number,
    checkpoint: number | null = null,
    signal?: AbortSignal,
  ): Promise<Parity> {
    const query = search({ checkpoint: checkpoint ?? undefined });
    return this.#source.json(`${at(run)}/episodes/${episode}/parity${query}`, { signal });
  }

  /** How far the attribution of one step is to be trusted. */
  quality(
    run: string,
    episode: number,
    { params, checks, ...query }: QualityQuery,
    signal?: AbortSignal,
  ): Promise<Quality> {
    const asked = search({ ...params, ...query, checks: checks.join(',') });
    return this.#source.json(`${at(run)}/episodes/${episode}/attribution/quality${asked}`, { signal });
  }

  /** What the policy would say of a step, were it edited. */
  async whatIf(run: string, episode: number, query: WhatIfQuery, signal?: AbortSignal): Promise<WhatIf> {
    const path = `${at(run)}/episodes/${episode}/what_if`;
    return whatIfOf(decodeColumns(await this.#source.bytes(path, { body: query, signal })));
  }

  /** What checkpoints say of the same states of an episode: all of them when none is named. */
  async disagreement(
    run: string,
    episode: number,
    query: { checkpoints?: readonly number[]; places?: number },
    signal?: AbortSignal,
  ): Promise<Disagreement> {
    const path = `${at(run)}/episodes/${episode}/disagreement`;
    return disagreementOf(decodeColumns(await this.#source.bytes(path, { body: query, signal })));
  }

  /** The smallest edit after which the policy chooses an action; `onprogress` hears how far the search is. */
  async counterfactual(
    run: string,
    episode: number,
    query: CounterfactualQuery,
    onprogress: (asked: number, margin: number | null) => void,
    signal?: AbortSignal,
  ): Promise<Counterfactual> {
    let found: Counterfactual | null = null;
    await this.#source.lines<SearchLine>(
      `${at(run)}/episodes/${episode}/counterfactual`,
      { body: query, signal },
      (line) => {
        if ('error' in line) throw new ApiError(422, line.error);
        if ('found' in line) found = line.found;
        else onprogress(line.asked, line.margin);
      },
    );
    if (found) return found;
    throw new ApiError(0, { code: 'cut', message: 'the search ended without an answer' });
  }
}
