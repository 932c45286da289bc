/** The JSON of the HTTP API, member for member; `docs/http.md` says what each means. */

/** A value as it came from outside. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export type Axis = 'global_step' | 'episode' | 'step' | 'checkpoint' | 'sample';
export type RunState = 'running' | 'finished' | 'crashed';
export type EpisodeEnd = 'open' | 'terminated' | 'truncated' | 'both' | 'unknown';

export interface Health {
  version: string;
  revision: number;
}

export interface RunList {
  revision: number;
  /** Folders that are served, as given on the command line. */
  roots: string[];
  runs: RunSummary[];
  /** Runs that were found but cannot be read. */
  skipped?: { path: string; why: string }[];
}

/** One row of the table of runs. Times are microseconds since 1970. */
export interface RunSummary {
  id: string;
  name: string;
  project: string;
  group: string | null;
  tags: string[];
  notes: string;
  state: RunState;
  created_us: number;
  heartbeat_us: number;
  ended_us: number | null;
  global_step: number | null;
  episodes: number;
  /** Episodes whose steps were recorded. */
  recorded: number;
  config: Json;
  env_id: string | null;
  /** Last value of each scalar. */
  summary: Record<string, number | null>;
  revision: number;
  /** Parts that could not be read. */
  lost: number;
  /** Values that the writer had to drop. */
  dropped: number;
  fault: string | null;
  root: string;
}

export interface RunDetail {
  info: RunInfo;
  status: RunStatus;
  state: RunState;
  revision: number;
  lost: Lost[];
  scalars: ScalarTag[];
  tensors: TensorTag[];
  checkpoints: CheckpointRow[];
  episode_count: number;
}

export interface RunInfo {
  format_version: number;
  id: string;
  name: string;
  project: string;
  group: string | null;
  tags: string[];
  notes: string;
  created_us: number;
  config: Json;
  env: EnvSpec | null;
  code: { commit: string; branch: string; dirty: boolean; diff: string } | null;
  command: string[];
  host: string;
  system: Record<string, Json>;
  gamma: number | null;
}

export interface EnvSpec {
  id: string;
  observation_space: Space | null;
  action_space: Space | null;
  action_meanings: string[];
  /** How actions are drawn where their names do not tell; absent in runs of before it was there. */
  action_glyphs?: string[];
  /** Actions that are seen as one. */
  action_groups?: { name: string; actions: number[] }[];
  observation_names: string[];
  observation_units: string[];
  fps: number | null;
  reward_range: [number, number] | null;
  num_envs: number;
  agents: string[];
}

export type Space =
  | {
      type: 'box';
      shape: number[];
      dtype: Dtype;
      low: (number | null)[];
      high: (number | null)[];
      stack_axis?: number;
    }
  | { type: 'discrete'; n: number; start: number; dtype: Dtype }
  | { type: 'multi_discrete'; nvec: number[]; shape: number[]; dtype: Dtype }
  | { type: 'multi_binary'; shape: number[] }
  | { type: 'dict'; spaces: [string, Space][] }
  | { type: 'tuple'; spaces: Space[] }
  | { type: 'text'; max_length: number };

export interface RunStatus {
  state: RunState;
  heartbeat_us: number;
  ended_us: number | null;
  pid: number;
  resumed: number;
  global_step: number | null;
  episodes: number;
  recorded?: number;
  dropped: number;
  fault: string | null;
  summary: Record<string, number | null>;
}

export interface Lost {
  file: string;
  what: string;
  why: string;
}

export interface ScalarTag {
  axis: Axis;
  tag: string;
  count: number;
  first_step: number;
  last_step: number;
  last_value: number | null;
}

export interface TensorTag {
  axis: Axis;
  tag: string;
  kind: 'tensor' | 'distribution' | 'image' | 'text';
  count: number;
}

export interface CheckpointRow {
  global_step: number;
  name: string;
  hash: string;
  format: string;
  bytes: number;
  signature: Json;
  time_us: number;
}

export interface EpisodeRow {
  episode: number;
  env_index: number;
  agent: string | null;
  seed: number | null;
  end: EpisodeEnd;
  episode_return: number | null;
  length: number;
  /** Global step at reset. */
  global_step: number;
  started_us: number;
  ended_us: number | null;
  recorded: boolean;
  evaluation: boolean;
  checkpoint: number | null;
  env_return: number | null;
  extra: Record<string, Json>;
}

export interface EpisodeDetail {
  episode: EpisodeRow;
  /** Rows that were recorded, the final observation included. */
  steps: number;
  fields: FieldEntry[];
}

/** How a line is drawn through points, with its parameters. */
export type TrendMethod =
  | { method: 'linear' }
  | { method: 'polynomial'; degree: number }
  | { method: 'loess'; span: number }
  | { method: 'rolling_median'; window: number };

/** What the agent did in some episodes. */
export interface ActionCounts {
  /** Episodes in the counts. */
  episodes: number;
  /** Episodes asked for that recorded no actions. */
  unrecorded: number;
  /** Steps with an action. */
  steps: number;
  parts: ActionPart[];
}

/** One choice or number that the agent makes a step. */
export type ActionPart =
  | {
      kind: 'choice';
      name: string;
      /** All of the space, also those never taken. */
      actions: { id: number; name: string | null; count: number; fraction: number | null }[];
      /** Steps whose action is none of them. */
      outside: number;
    }
  | {
      kind: 'number';
      name: string;
      /** One more than there are counts. */
      edges: number[];
      counts: number[];
      below: number;
      above: number;
      not_finite: number;
    };

/** Some numbers in a few words; null where there are too few. */
export interface Summary {
  count: number;
  /** NaN and infinities, which are in none of the rest. */
  not_finite: number;
  mean: number | null;
  /** Of the sample. */
  sd: number | null;
  min: number | null;
  median: number | null;
  max: number | null;
}

export interface EpisodeSummary {
  episodes: number;
  episode_return: Summary;
  length: Summary;
  ends: Partial<Record<EpisodeEnd, number>>;
}

export interface FieldEntry {
  name: string;
  axis: Axis;
  /** null for text. */
  dtype: Dtype | null;
  /** Shape of one row; empty for a single number. */
  shape: number[];
  /** Ask for frame groups rather than rows. */
  image: boolean;
  stack_axis: number | null;
  origin: 'logged' | 'derived';
  doc: string | null;
  formula?: string | null;
  unit?: string | null;
}

export interface Derivation {
  name: string;
  axis: Axis;
  formula: string;
  doc: string;
  source: string;
  inputs: string[];
  params: { name: string; default: Json; doc: string }[];
}

/** One curve to ask for: that of a run, or one for several runs. */
export type SeriesQuery = (
  { run: string; runs?: undefined } | { run?: undefined; runs: readonly string[] }
) & {
  axis: Axis;
  tag: string;
  from?: number;
  to?: number;
};

/** What the header of `/api/series` says of each curve. */
export type SeriesEntry =
  | {
      run?: string;
      runs?: string[];
      axis: Axis;
      tag: string;
      count: number;
      first_step: number;
      last_step: number;
    }
  | { error: ErrorBody };

/** Which scalars a run has, as `/api/tags` says it. */
export type TagsOfRun =
  | { run: string; revision: number; episode_count: number; scalars: ScalarTag[] }
  | { run: string; error: ErrorBody };

/** Every error of the server. */
export interface ErrorBody {
  code: string;
  message: string;
  hint?: string | null;
}

/** What people wrote about a run. Texts are shown as they are, never as markup. */
export interface Notes {
  title: string | null;
  description: string;
  tags: string[];
  /** By index of the episode. */
  episodes: Record<string, EpisodeNotes>;
}

/** What people wrote about an episode. */
export interface EpisodeNotes {
  title: string | null;
  description: string;
  tags: string[];
  /** By first step, then last. */
  hotspots: Hotspot[];
  /** By name; left out when there are none. */
  probes?: Probe[];
}

/** A question that is worth asking again: a step, and edits of what the policy received there, as addresses have them. */
export interface Probe {
  name: string;
  step: number;
  edits: string;
}

/** Some steps of an episode that are worth a look; `to` belongs to it. */
export interface Hotspot {
  from: number;
  to: number;
  title: string;
  note: string;
}

/** An arrangement of panels that somebody saved. */
export interface Layout {
  name: string;
  layout: { [key: string]: Json };
  updated_us: number;
}

/** NumPy's names of element types. */
export type Dtype =
  | 'bool'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float16'
  | 'float32'
  | 'float64';
