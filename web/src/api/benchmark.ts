/** What the statistics of several runs are asked of. */

/** Of which runs, and what they reached; `docs/http.md` says what each member may be. */
export interface ParametersQuery {
  runs: readonly string[];
  task: string;
  score: string;
  normalization: string;
}

/** Tables of a benchmark, as the server calls them. */
export type BenchmarkPart = 'scores' | 'runs' | 'aggregates' | 'pairs' | 'curves' | 'profiles';

/** The same, and what is compared. */
export interface BenchmarkQuery extends ParametersQuery {
  algorithm: string;
  /** What curves run over. */
  along: string;
}
