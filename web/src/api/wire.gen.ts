/** What the server sends. Made from the Rust sources by `cargo xtask wire`; `docs/http.md` says which route sends what. */

/** A value as it came from outside. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** `GET /api/health`. */
export interface Health {
  /** Of the server. */
  version: string;
  /** Grows with each change of any run. */
  revision: number;
}

/** `GET /api/runs`. */
export interface RunList {
  /** Grows with each change of any run. */
  revision: number;
  /** Folders, or prefixes of object stores, in which runs are looked for, as given on the command line. */
  roots: string[];
  /** Newest first. */
  runs: RunSummary[];
  /** Runs that were found but cannot be read. */
  skipped: SkippedRun[];
}

/** A run that was found but cannot be read. */
export interface SkippedRun {
  /** Its folder. */
  path: string;
  /** Why it was left out. */
  why: string;
}

/** A run in one row of a table. Times are microseconds since 1970. */
export interface RunSummary {
  /** Which. */
  id: string;
  /** For people. */
  name: string;
  /** Runs that belong together. */
  project: string;
  /** The format that it lies in: `ethogram`, or what another tool wrote, for example `tfevents`. */
  format: string;
  /** Runs to be averaged over seeds share a group. */
  group: string | null;
  /** Free words. */
  tags: string[];
  /** What the author said of it. */
  notes: string;
  /** The title that people gave it; null where nobody did, and of runs in an object store. */
  title: string | null;
  /** Tags that people gave it, beside the author's. */
  given_tags: string[];
  /** How it stands now: a running run that has not been heard of for a minute has crashed. */
  state: RunState;
  /** When it began. */
  created_us: number;
  /** When the writer was last heard of. */
  heartbeat_us: number;
  /** When it ended, if it did. */
  ended_us: number | null;
  /** Largest global step logged. */
  global_step: number | null;
  /** Episodes known. */
  episodes: number;
  /** Episodes whose steps were recorded. */
  recorded: number;
  /** Episodes that have a film; null where nobody counted them: of runs that are not opened and were written by an earlier version. */
  filmed: number | null;
  /** Checkpoints; null likewise. */
  checkpoints: number | null;
  /** Hyper-parameters, nested as given. */
  config: Json;
  /** For example `Breakout-v5`. */
  env_id: string | null;
  /** Last value of each scalar. */
  summary: Record<string, number | null>;
  /** Grows whenever the run does. */
  revision: number;
  /** Parts that could not be read. */
  lost: number;
  /** Values that the writer had to drop. */
  dropped: number;
  /** The writer's first error of the disk. */
  fault: string | null;
  /** The root that holds it. */
  root: string;
}

/** `GET /api/runs/RUN`. */
export interface RunDetail {
  /** Who and what it is. */
  info: RunInfo;
  /** The format that it lies in. */
  format: string;
  /** How it stands, as its writer said last. */
  status: RunStatus;
  /** How it stands now. */
  state: RunState;
  /** Grows whenever the run does. */
  revision: number;
  /** What could not be read. */
  lost: Lost[];
  /** All scalars, by axis, then tag. */
  scalars: ScalarTag[];
  /** All tensors, distributions, images and texts. */
  tensors: TensorTag[];
  /** By global step. */
  checkpoints: CheckpointRow[];
  /** One more than the largest episode index. */
  episode_count: number;
}

/** What was started: written once, never changed. */
export interface RunInfo {
  /** Version of the run format, `RunInfo::FORMAT_VERSION` when we write it. */
  format_version: number;
  /** Unique for ever. */
  id: string;
  /** For people. */
  name: string;
  /** Runs that belong together. */
  project: string;
  /** Runs to be averaged over seeds share a group. */
  group: string | null;
  /** Free words. */
  tags: string[];
  /** What the author said of it. */
  notes: string;
  /** Microseconds since 1970, UTC. */
  created_us: number;
  /** Hyper-parameters, nested as given; secrets are filtered by name before they come here. */
  config: Json;
  /** The environment, when known. */
  env: EnvSpec | null;
  /** Version control state of the training script. */
  code: CodeState | null;
  /** `sys.argv`, secrets filtered. */
  command: string[];
  /** Host name. */
  host: string;
  /** Python version, platform, packages and hardware. */
  system: Record<string, Json>;
  /** Discount of training, for derived fields; 0.99 is assumed when absent. */
  gamma: number | null;
}

/** How the run stands. Replaced atomically, at least every 10 seconds while it runs. */
export interface RunStatus {
  /** As the writer said it last. */
  state: RunState;
  /** When the writer last said so, microseconds since 1970. */
  heartbeat_us: number;
  /** When it ended, if it did. */
  ended_us: number | null;
  /** Process id of the writer. */
  pid: number;
  /** Times it was continued by a new process. */
  resumed: number;
  /** Largest global step logged. */
  global_step: number | null;
  /** Episodes that began, ended or not. */
  episodes: number;
  /** Episodes whose steps were recorded, ended or not. */
  recorded: number;
  /** Episodes that have a film; `None` of a run whose writer did not count them yet. */
  filmed: number | null;
  /** Checkpoints; `None` likewise. */
  checkpoints: number | null;
  /** Values dropped because the queue was full or the disk failed. */
  dropped: number;
  /** The first error of the disk, told once. */
  fault: string | null;
  /** Last value of each scalar, for tables; at most 200. */
  summary: Record<string, number | null>;
}

/** Whether a run goes on. */
export type RunState = 'running' | 'finished' | 'crashed';

/** What the agent acts in. */
export interface EnvSpec {
  /** For example `Breakout-v5`. */
  id: string;
  /** What the policy receives. */
  observation_space: Space | null;
  /** What the policy chooses from. */
  action_space: Space | null;
  /** One name an action, by action id. */
  action_meanings: string[];
  /**
   * How each action is drawn, one a name, where its name does not tell: `joystick:up-right+fire`, `arrow:left`, `engine:main`,
   * `keys:A+B`, `chip:JUMP`.
   */
  action_glyphs: string[];
  /** Groups of actions that people want to see as one. */
  action_groups: ActionGroup[];
  /** One name an element of a vector observation. */
  observation_names: string[];
  /** One unit an element of a vector observation; empty text where it has none. */
  observation_units: string[];
  /** Steps a second at which people should watch it. */
  fps: number | null;
  /** Smallest and largest reward, where known. */
  reward_range: [number | null, number | null] | null;
  /** Number of environments side by side. */
  num_envs: number;
  /** Agents of a multi-agent environment; empty otherwise. */
  agents: string[];
}

/** Actions that are seen as one, for example all that go left. */
export interface ActionGroup {
  /** For example `left`. */
  name: string;
  /** Action ids. */
  actions: number[];
}

/** Version control state of the training script. */
export interface CodeState {
  /** Full commit hash. */
  commit: string;
  /** Branch name. */
  branch: string;
  /** There were changes that no commit holds. */
  dirty: boolean;
  /** `git diff`, cut at 256 KiB. */
  diff: string;
}

/**
 * A set of values that an observation or action may take.
 *
 * In JSON each is an object with a `type`, for example `{"type": "discrete", "n": 4, "start": 0}`.
 */
export type Space =
  | {
      type: 'box';
      /** Lengths of the axes. */
      shape: number[];
      /** Element type. */
      dtype: Dtype;
      /** Lower bounds. */
      low: (number | null)[];
      /** Upper bounds. */
      high: (number | null)[];
      /** Which axis is a stack of frames, oldest first. */
      stack_axis?: number;
    }
  | {
      type: 'discrete';
      /** How many. */
      n: number;
      /** The first. */
      start: number;
      /** Element type. */
      dtype: Dtype;
    }
  | {
      type: 'multi_discrete';
      /** Choices of each, flat. */
      nvec: number[];
      /** Lengths of the axes. */
      shape: number[];
      /** Element type. */
      dtype: Dtype;
    }
  | {
      type: 'multi_binary';
      /** Lengths of the axes. */
      shape: number[];
    }
  | {
      type: 'dict';
      /** Name and space of each part. */
      spaces: [string, Space][];
    }
  | {
      type: 'tuple';
      /** The space of each part. */
      spaces: Space[];
    }
  | {
      type: 'text';
      /** Longest allowed. */
      max_length: number;
    };

/** The type of one element. Names are NumPy's. */
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

/** A part of a run that could not be read: what, where and why. The rest of the run is served without it. */
export interface Lost {
  /** The file, relative to the run's folder. */
  file: string;
  /** What is missing, for example `rows 1024..1056 of episode 3`. */
  what: string;
  /** Why it could not be trusted, for example `checksum differs`. */
  why: string;
}

/** What indexes a field. */
export type Axis = 'global_step' | 'episode' | 'step' | 'checkpoint' | 'sample';

/** A scalar tag and its extent. */
export interface ScalarTag {
  /** What indexes it: `Axis::GlobalStep` or `Axis::Episode`. */
  axis: Axis;
  /** For example `losses/td_loss`. */
  tag: string;
  /** Points logged. */
  count: number;
  /** Smallest step. */
  first_step: number;
  /** Largest step. */
  last_step: number;
  /** Value at the largest step. */
  last_value: number | null;
}

/** A tag of tensors. */
export interface TensorTag {
  /** What indexes it. */
  axis: Axis;
  /** Its name. */
  tag: string;
  /** What it is. */
  kind: TensorKind;
  /** Rows logged. */
  count: number;
}

/** What a tensor row is. */
export type TensorKind = 'tensor' | 'distribution' | 'image' | 'text';

/** Weights at one update, with what their inputs and outputs mean. */
export interface CheckpointRow {
  /** Global step of the weights. */
  global_step: number;
  /** For people, for example `80M`. */
  name: string;
  /** Content hash of the blob. */
  hash: string;
  /** `onnx`, … */
  format: string;
  /** Bytes of the blob. */
  bytes: number;
  /** Which input is the observation, which outputs are logits, values, …; see docs/format.md. */
  signature: Json;
  /** Microseconds since 1970. */
  time_us: number;
}

/** One episode. */
export interface EpisodeRow {
  /** From 0 over all writers of the run. */
  episode: number;
  /** Which of the environments side by side. */
  env_index: number;
  /** Which agent of a multi-agent environment. */
  agent: string | null;
  /** Seed given to reset. */
  seed: number | null;
  /** How it ended. */
  end: EpisodeEnd;
  /** Sum of the rewards seen by the recorder so far. */
  episode_return: number | null;
  /** Steps taken so far. */
  length: number;
  /** Global step at reset. */
  global_step: number;
  /** Wall time at reset, microseconds since 1970. */
  started_us: number;
  /** Wall time at the end. */
  ended_us: number | null;
  /** Whether its steps were recorded. */
  recorded: boolean;
  /** Recorded for evaluation rather than training. */
  evaluation: boolean;
  /** Global step of the checkpoint in force, if any. */
  checkpoint: number | null;
  /** The return that the environment itself reported, for the self-check. */
  env_return: number | null;
  /** Anything else the user attached: numbers, texts, tags. */
  extra: Record<string, Json>;
}

/** How an episode ended. */
export type EpisodeEnd = 'open' | 'terminated' | 'truncated' | 'both' | 'unknown';

/** `GET /api/runs/RUN/episodes/E`. */
export interface EpisodeDetail {
  /** The episode. */
  episode: EpisodeRow;
  /** Rows of its steps, that of the final observation included; 0 when it was not recorded. */
  steps: number;
  /** Fields that can be asked for. */
  fields: FieldEntry[];
}

/** What a film says of itself. */
export interface Film {
  /** Of the file. */
  name: string;
  /** Of the file. */
  bytes: number;
  /** Step of the episode that the first frame shows. */
  first_step: number;
  /** How many there are; frame *k* shows step `first_step + k`. */
  frames: number;
  /** Frames a second. */
  fps: number | null;
  /** Pixels. */
  width: number;
  /** Pixels. */
  height: number;
  /** Four letters, `avc1` for H.264. */
  codec: string;
}

/** A field that an episode has, or could have. */
export interface FieldEntry {
  /** Its name. */
  name: string;
  /** What indexes it. */
  axis: Axis;
  /** Element type; null for text. */
  dtype: Dtype | null;
  /** Shape of one row; empty for a single number. */
  shape: number[];
  /** Ask for frame groups rather than rows. */
  image: boolean;
  /** Which axis is a stack of frames, oldest first. */
  stack_axis: number | null;
  /** Where it comes from. */
  origin: Origin;
  /** What one row means; empty when nobody said. */
  doc: string;
  /** How it is derived. */
  formula?: string;
  /** In what it is measured. */
  unit?: string;
}

/** Where a field comes from. */
export type Origin = 'logged' | 'derived';

/** One of `GET /api/derivations`. */
export interface Derivation {
  /** The name of the derived field. */
  name: string;
  /** What indexes it. */
  axis: Axis;
  /** How it is computed, in the literature's symbols. */
  formula: string;
  /** What one row means. */
  doc: string;
  /** Author, year and equation. */
  source: string;
  /**
   * Names of the fields it takes; of several that would do, all, joined by ` or `; ` (if there)` when
   * there is an answer without it.
   */
  inputs: string[];
  /** What can be chosen. */
  params: DerivationParam[];
}

/** A parameter of a derived field. */
export interface DerivationParam {
  /** Its name. */
  name: string;
  /** A number or a text. */
  default: Json;
  /** What it does. */
  doc: string;
}

/** `POST /api/runs/RUN/episodes/summary`. */
export interface EpisodeSummary {
  /** Those that are there. */
  episodes: number;
  /** Of the returns of those that ended: the `open` ones of `ends` are left out. */
  episode_return: Summary;
  /** Of the lengths of those that ended. */
  length: Summary;
  /** How many ended how; ends that none had are left out. */
  ends: Partial<Record<EpisodeEnd, number>>;
}

/** Some numbers in a few words; null where there are too few. */
export interface Summary {
  /** Those that are finite. */
  count: number;
  /** NaN and infinities, which are in none of the rest. */
  not_finite: number;
  /** Their mean. */
  mean: number | null;
  /** Standard deviation of the sample. */
  sd: number | null;
  /** The smallest. */
  min: number | null;
  /** The one in the middle. */
  median: number | null;
  /** The largest. */
  max: number | null;
}

/** The answer. */
export interface ActionCounts {
  episodes: number;
  unrecorded: number;
  steps: number;
  parts: ActionPart[];
}

/** One choice or number of an action. */
export type ActionPart =
  | {
      kind: 'choice';
      name: string;
      actions: ActionCount[];
      outside: number;
    }
  | {
      kind: 'number';
      name: string;
      edges: number[];
      counts: number[];
      below: number;
      above: number;
      not_finite: number;
    };

/** One action of a choice. */
export interface ActionCount {
  id: number;
  name: string | null;
  count: number;
  /** Of the steps with an action, also those whose action is none of the space; null without any. */
  fraction: number | null;
}

/** What was found. */
export interface FoundEvents {
  /** Of a run: the first of each kind, then the second, and so on. Of an episode: by kind. */
  events: FoundEvent[];
  /** Every kind that there is, in order. */
  kinds: FoundKind[];
  /** Recorded episodes that were looked at; ask again while it is less than `episodes`. */
  done: number;
  /** Recorded episodes. */
  episodes: number;
  /** What can be set about the finders. */
  settings: DerivationParam[];
}

/** A kind of event. */
export interface FoundKind {
  /** In addresses. */
  name: string;
  /** For people. */
  title: string;
  /** What is found, and by what rule. */
  doc: string;
  /** Of the value of an event. */
  unit: string;
  /** Looked for only when it is named: networks have to be asked. */
  on_request: boolean;
  /** How many there are, before all but the top were left out; null when it was not looked for. */
  count: number | null;
  /** Why none can be found, with what to log. */
  missing: string | null;
}

/** A moment. */
export interface FoundEvent {
  /** Name of its kind. */
  kind: string;
  /** Index of the episode. */
  episode: number;
  /** Where to look first. */
  step: number;
  /** First step of what it is about. */
  from: number;
  /** One beyond its last. */
  to: number;
  /** The number that was found, in the unit of the kind. */
  value: number | null;
  /** How pronounced it is, from 0 to 1; comparable within a kind. */
  score: number | null;
  /** Place among its kind, from 1. */
  rank: number;
  /** Why, in words. */
  evidence: string;
  /** The numbers of the evidence. */
  numbers: Record<string, number | null>;
}

/** How a run is. */
export interface RunHealth {
  /** In the order of the rules. */
  findings: HealthFinding[];
  /** Every rule. */
  rules: HealthRule[];
  /** What can be set about the rules. */
  settings: DerivationParam[];
}

/** Something that looks wrong. */
export interface HealthFinding {
  /** Name of its rule. */
  rule: string;
  /** The scalar or tensor that tells, where it is one. */
  tag: string | null;
  /** What indexes it. */
  axis: Axis | null;
  /** The step on that axis at which it first holds. */
  step: number | null;
  /** The episode to look at, where it is about episodes. */
  episode: number | null;
  /** Why, in words. */
  evidence: string;
  /** The numbers of the evidence. */
  numbers: Record<string, number | null>;
}

/** A rule. */
export interface HealthRule {
  /** In findings. */
  name: string;
  /** For people. */
  title: string;
  /** When it holds. */
  doc: string;
  /** What to log for it. */
  needs: string;
  /** Curves, layers or sets of episodes that it looked at; 0 where nothing was logged for it. */
  checked: number;
}

/** Of all recorded episodes. */
export interface PolicyDivergence {
  /** Ascending. */
  episodes: DivergenceOfEpisode[];
}

/** A recorded episode, and how far its policy is from the mean of the one before. */
export interface DivergenceOfEpisode {
  /** Which. */
  episode: number;
  /** Global step at its reset. */
  global_step: number;
  /** Its return. */
  episode_return: number | null;
  /** Mean over its steps; null where there is none. */
  mean: number | null;
  /** Sum over its steps. */
  sum: number | null;
}

/** Checkpoints on the same states. */
export interface CheckpointChanges {
  /** States that were asked about. */
  states: number;
  /** Ascending by global step. */
  checkpoints: ChangeOfCheckpoint[];
}

/** A checkpoint, and how far it is from the one before. */
export interface ChangeOfCheckpoint {
  /** When it was kept. */
  global_step: number;
  /** What it is called. */
  name: string;
  /** Mean over the states of KL(now ‖ before), in nats; null for the first, and where policies are no distributions. */
  kl: number | null;
  /** The largest of them. */
  kl_max: number | null;
  /** Mean of the Jensen–Shannon divergence, in nats. */
  js: number | null;
  /** Share of the states in which the greedy choice is another. */
  flips: number | null;
  /** Mean of what the critic says. */
  value: number | null;
}

/** The answer, in the order of the runs asked for. */
export interface Tags {
  runs: TagsOfRun[];
}

export type TagsOfRun =
  | {
      run: string;
      revision: number;
      episode_count: number;
      scalars: ScalarTag[];
    }
  | {
      run: string;
      error: ErrorBody;
    };

/** What the header says of one curve. */
export type SeriesEntry =
  | {
      /** Points of the whole tag, or of all runs of a group. */
      count: number;
      first_step: number;
      last_step: number;
      /** Each point is a bucket of its own. */
      exact: boolean;
      run?: string;
      /** Those of a group that have the tag. */
      runs?: string[];
      axis: Axis;
      tag: string;
    }
  | {
      error: ErrorBody;
      run?: string;
      runs?: string[];
      axis: Axis;
      tag: string;
    };

/** Algorithms compared over tasks and seeds. Scores of `algorithms`, `pairs` and `curves` are those on the common scale. */
export interface Benchmark {
  /** What the score of a run is, in words. */
  score: string;
  /** What curves run over: `steps` or `time`. */
  along: string;
  /** How tasks were brought to one scale: `none`, `min_max` or `human`. */
  normalization: string;
  /** The score that the optimality gap calls good enough. */
  target: number | null;
  /** By name. */
  algorithms: BenchmarkAlgorithm[];
  /** By name. */
  tasks: string[];
  /** By algorithm, task and name. */
  runs: BenchmarkRun[];
  /** Runs that do not count. */
  left_out: LeftOut[];
  /** By algorithm, then task; those without a run are not there. */
  cells: BenchmarkCell[];
  /** Every two algorithms that have a task in common. */
  pairs: BenchmarkPair[];
  /** The interquartile mean over all tasks along training. */
  curves: BenchmarkCurve[];
  /** The mean on each task along training, not normalised. */
  task_curves: BenchmarkCurve[];
  /** Members of the configs in which algorithms differ. */
  differences: ConfigDifference[];
  /** What to know before believing any of it. */
  warnings: string[];
}

/** A number, and where it could have been with other seeds. */
export interface Estimate {
  /** Of the runs as they are. */
  value: number | null;
  /** Low end of the 95 % interval; null where there is none. */
  low: number | null;
  /** High end. */
  high: number | null;
}

/** All tasks of one algorithm. */
export interface BenchmarkAlgorithm {
  name: string;
  runs: number;
  tasks: number;
  iqm: Estimate | null;
  median: Estimate | null;
  mean: Estimate | null;
  optimality_gap: Estimate | null;
  /** Share of runs above each threshold. */
  run_profile: BenchmarkProfile | null;
  /** Share of tasks whose mean is above it. */
  task_profile: BenchmarkProfile | null;
}

/** A performance profile: one entry a threshold. */
export interface BenchmarkProfile {
  threshold: number[];
  share: (number | null)[];
  low: (number | null)[] | null;
  high: (number | null)[] | null;
}

/** One run of a benchmark. */
export interface BenchmarkRun {
  run: string;
  name: string;
  /** Index among the algorithms. */
  algorithm: number;
  /** Index among the tasks. */
  task: number;
  seed: string | null;
  score: number | null;
  normalized: number | null;
  /** From its start to its end, or to its last sign of life. */
  runtime_secs: number | null;
  last_step: number | null;
  state: RunState;
}

/** A run that does not count. */
export interface LeftOut {
  run: string;
  why: string;
}

/** What one algorithm reached on one task. */
export interface BenchmarkCell {
  /** Index among the algorithms. */
  algorithm: number;
  /** Index among the tasks. */
  task: number;
  runs: number;
  mean: Estimate;
  /** Of the sample, n − 1. */
  sd: number | null;
  /** As NumPy's `std`, n. */
  sd_population: number | null;
  iqm: Estimate;
  runtime_secs: number | null;
  runtime_sd: number | null;
}

/** Two algorithms, on the tasks that both have. */
export interface BenchmarkPair {
  /** Index among the algorithms. */
  x: number;
  /** Index of the other. */
  y: number;
  /** How likely a run of `x` beats one of `y`. */
  improvement: Estimate;
  /** Interquartile mean of `x` less that of `y`. */
  iqm_difference: Estimate;
  tasks: number;
}

/** A curve with its band: one entry a place. */
export interface BenchmarkCurve {
  /** Index among the algorithms. */
  algorithm: number;
  /** Index among the tasks; null of all. */
  task: number | null;
  /** Global steps, or microseconds since the run began. */
  at: number[];
  value: (number | null)[];
  low: (number | null)[];
  high: (number | null)[];
  runs: number[];
}

/** A member of the configs in which algorithms differ. */
export interface ConfigDifference {
  key: string;
  /** For each algorithm the values of its runs. */
  values: string[][];
}

/** The parameters of runs, what these reached, and how the one goes with the other. */
export interface Parameters {
  /** What the score of a run is, in words. */
  score: string;
  /** How tasks were brought to one scale: `none`, `min_max` or `human`. */
  normalization: string;
  /** By name. */
  tasks: string[];
  /** By task and name. */
  runs: ParametersRun[];
  /** Runs that do not count. */
  left_out: LeftOut[];
  /** The most important by permutation first, those without an importance by name. */
  parameters: Parameter[];
  /** How well the forest foretells runs that it was not grown of: R² out of bag. */
  explained: number | null;
  /** What to know before believing any of it. */
  warnings: string[];
}

/** A run with what it reached. */
export interface ParametersRun {
  run: string;
  name: string;
  /** Index among the tasks. */
  task: number;
  score: number | null;
  /** The score on the common scale, which importances and correlations are of. */
  outcome: number | null;
}

/** A member of the configs in which runs differ. */
export interface Parameter {
  /** Its path, with dots. */
  key: string;
  /** One a run, where all values are numbers. */
  numbers: (number | null)[] | null;
  /** One a run, where they are not. */
  words: (string | null)[] | null;
  /** How far `explained` falls when the parameter is shuffled among the runs. */
  permutation: PermutationImportance | null;
  /** Its share of what the forest's splits explain; all together are 1. Many different values make it larger. */
  impurity: number | null;
  /** Pearson's with the outcome; null of words. */
  correlation: number | null;
  /** Spearman's. */
  rank_correlation: number | null;
}

/** Over shuffles, of the one forest. */
export interface PermutationImportance {
  mean: number | null;
  /** Of the sample, n − 1; null with one shuffle. */
  sd: number | null;
}

/** What people say of a run. */
export interface Notes {
  /** Shown instead of the run's name; `None` where nobody gave one. */
  title: string | null;
  /** Free text, shown as it is. */
  description: string;
  /** Free words. */
  tags: string[];
  /** By index of the episode. */
  episodes: Record<string, EpisodeNotes>;
  /** Of features of layers. */
  features?: FeatureLabel[];
}

/** A name, a colour and a note for a feature: one of some factors into which what a layer holds was taken apart. */
export interface FeatureLabel {
  /** The layer, as in the network's file. */
  layer: string;
  /** Global step of the network. */
  checkpoint: number;
  /** What was taken apart: `activations`, or attributions of a target. */
  of: string;
  /** How many factors there are. */
  factors: number;
  /** Which of them, from 0. */
  index: number;
  /** A few words. */
  name: string;
  /** As `#rrggbb`; `None` where nobody chose one. */
  colour?: string;
  /** Free text, shown as it is. */
  note: string;
}

/** What people say of an episode. */
export interface EpisodeNotes {
  /** `None` where nobody gave one. */
  title: string | null;
  /** Free text, shown as it is. */
  description: string;
  /** Free words. */
  tags: string[];
  /** By first step, then last. */
  hotspots: Hotspot[];
  /** By name. */
  probes?: Probe[];
}

/** Some steps of an episode that are worth a look. */
export interface Hotspot {
  /** First step. */
  from: number;
  /** Last step, which belongs to it; the first where it is a moment. */
  to: number;
  /** A few words. */
  title: string;
  /** Free text, shown as it is. */
  note: string;
}

/** A question that was asked of the policy and is worth asking again: a step, and edits of what it received there. */
export interface Probe {
  /** Unique in its episode. */
  name: string;
  /** Which step. */
  step: number;
  /** As the web app writes them into addresses; the store does not read them. */
  edits: string;
}

/** `GET /api/layouts`. */
export interface Layouts {
  /** By name. */
  layouts: Layout[];
}

/** A saved arrangement. */
export interface Layout {
  /** What people call it. */
  name: string;
  /** What it says. */
  layout: Record<string, Json>;
  /** When it was saved last, microseconds since 1970. */
  updated_us: number;
}

/** An answer that is not what was asked for. On the wire `{"code", "message", "hint"}`. */
export interface ErrorBody {
  /** For programs: a few lower-case words that do not change. */
  code: string;
  /** For people: what was expected, what was found. */
  message: string;
  /** For people: what to do; empty when nothing is known. */
  hint: string;
}

/** How far a run is. */
export interface RunRevision {
  /** Which. */
  run: string;
  /** Its revision now. */
  revision: number;
  /** Its state now. */
  state: RunState;
}
