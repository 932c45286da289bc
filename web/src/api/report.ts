/** What a static report was made of; written by the server, see `docs/report.md`. */
export interface ReportHead {
  title: string;
  /** Free text, shown as it is. */
  note: string;
  /** Version of the program that made it. */
  version: string;
  /** When, microseconds since 1970. */
  made_us: number;
  /** The command that makes it again. */
  command: string;
  /** Ids of its runs, in the order that was asked for. */
  runs: string[];
  /** What runs can be grouped by: `group`, `name`, `all`. */
  group_by: string[];
  /** Ids of the runs of each group whose means are kept, each set once. */
  groups: string[][];
  episodes: ReportEpisode[];
  /** Most buckets of a curve. */
  buckets: number;
  /** What was asked for and could not be had, in sentences. */
  left_out: string[];
}

/** An episode of a report: the steps `from <= step < to`. */
export interface ReportEpisode {
  run: string;
  episode: number;
  from: number;
  to: number;
  /** Steps that were recorded in all. */
  steps: number;
  explanations: ReportExplanation[];
  features: ReportFeatures[];
}

/** A question about every step that the report has the answers to. */
export interface ReportExplanation {
  method: string;
  target: string;
  /** Null for the observation. */
  layer: string | null;
  /** How its maps are kept; null where they are as the server sends them. */
  kept: { bits: number; pool: number } | null;
}

/** A layer taken apart, with its maps of the episode. */
export interface ReportFeatures {
  layer: string;
  checkpoint: number;
  of: string;
  factors: number;
  steps: number;
}

/** What a report is to have; `docs/http.md` describes each member. */
export interface ReportQuery {
  title: string;
  note: string;
  runs: readonly string[];
  tags?: readonly string[];
  episodes: readonly { run: string; episode: number | 'best' | 'last'; from?: number; to?: number }[];
  explanations?: readonly { method: string; target: string; layer: string | null }[];
  features?: readonly { layer: string | null; of: string; factors: number }[];
}

/** Where an answer lies: in the bytes of a chunk. */
export interface RecordEntry {
  path: string;
  query: Record<string, string>;
  /** Which chunk, from 0. */
  chunk: number;
  offset: number;
  bytes: number;
  /** Tag of the answer, where it has one. */
  tag?: string;
}

/** What stands at the beginning of a report. */
export interface ReportIndex {
  head: ReportHead;
  entries: RecordEntry[];
}
