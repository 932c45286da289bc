import type { Benchmark } from '../../api/wire';

/** A cell of the table with the names of its task and algorithm. Runtimes are in seconds; null is missing. */
export interface TableRow {
  task: string;
  algorithm: string;
  runs: number;
  mean: number | null;
  mean_low: number | null;
  mean_high: number | null;
  sd: number | null;
  iqm: number | null;
  iqm_low: number | null;
  iqm_high: number | null;
  runtime_secs: number | null;
  runtime_sd: number | null;
}

/** All cells of the table, a row each, by task and then algorithm: unrounded, as the server sent them. */
export function tableRows({
  algorithms,
  tasks,
  cells,
}: Pick<Benchmark, 'algorithms' | 'tasks' | 'cells'>): TableRow[] {
  return [...cells]
    .sort((one, other) => one.task - other.task || one.algorithm - other.algorithm)
    .map(({ task, algorithm, runs, mean, sd, iqm, runtime_secs, runtime_sd }) => ({
      task: tasks[task],
      algorithm: algorithms[algorithm].name,
      runs,
      mean: mean.value,
      mean_low: mean.low,
      mean_high: mean.high,
      sd,
      iqm: iqm.value,
      iqm_low: iqm.low,
      iqm_high: iqm.high,
      runtime_secs,
      runtime_sd,
    }));
}
