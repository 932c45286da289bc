/** How tasks are brought to one scale. */
export type Normalization = 'auto' | 'none' | 'min_max' | 'human';
/** What stands in a cell of the table. */
export type Cells = 'mean_sd' | 'iqm' | 'runtime';
/** What performance profiles count. */
export type ProfileOf = 'runs' | 'tasks';

/** What curves run over. */
export type Along = 'steps' | 'time';

/** What the page compares. */
export type Part = 'algorithms' | 'parameters';

/** What of the page is worth a link: read from the address and written to it, defaults left out. */
export interface BenchmarkSpec {
  part: Part;
  /** The project whose runs are compared, where nobody chose runs; `*`: all runs; null: as the page finds it. */
  project: string | null;
  /** What names the algorithm: `auto`, `group`, `name`, `project`, or `config:KEY`. */
  by: string;
  /** What names the task: `auto`, `env_id`, `project`, or `config:KEY`. */
  task: string;
  /** `last100`, `last`, `best`, `step:N`, after `TAG@` for a tag. */
  score: string;
  normalization: Normalization;
  cells: Cells;
  profile: ProfileOf;
  /** What curves run over: global steps, or time since each run began. */
  along: Along;
  /** Algorithms that are not drawn. */
  hidden: readonly string[];
}

const NORMALIZATIONS: readonly Normalization[] = ['auto', 'none', 'min_max', 'human'];
const CELLS: readonly Cells[] = ['mean_sd', 'iqm', 'runtime'];

/** Reads a spec; anything odd becomes the default. */
export function parseSpec(param: (name: string) => string | null): BenchmarkSpec {
  return {
    part: param('compare') === 'parameters' ? 'parameters' : 'algorithms',
    project: param('project') || null,
    by: param('by') || 'auto',
    task: param('task') || 'auto',
    score: param('score') || 'last100',
    normalization: NORMALIZATIONS.find((one) => one === param('scale')) ?? 'auto',
    cells: CELLS.find((one) => one === param('cells')) ?? 'mean_sd',
    profile: param('profile') === 'tasks' ? 'tasks' : 'runs',
    along: param('along') === 'time' ? 'time' : 'steps',
    hidden: (param('hide') ?? '').split(',').filter(Boolean).map(decodeURIComponent),
  };
}

/** What of a spec the address says, by parameter; null where it is the default. */
export function formatSpec(spec: BenchmarkSpec): Record<string, string | null> {
  return {
    compare: spec.part === 'algorithms' ? null : spec.part,
    project: spec.project,
    by: spec.by === 'auto' ? null : spec.by,
    task: spec.task === 'auto' ? null : spec.task,
    score: spec.score === 'last100' ? null : spec.score,
    scale: spec.normalization === 'auto' ? null : spec.normalization,
    cells: spec.cells === 'mean_sd' ? null : spec.cells,
    profile: spec.profile === 'runs' ? null : spec.profile,
    along: spec.along === 'steps' ? null : spec.along,
    hide: spec.hidden.map(encodeURIComponent).join(',') || null,
  };
}
