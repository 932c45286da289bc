import type { Json, RunSummary } from '../../api/wire';
import { flatConfig } from './table';

/** One value of the configurations of several runs. */
export interface ConfigRow {
  /** Dotted path. */
  path: string;
  /** One a run; undefined where a run has none. */
  values: (Json | undefined)[];
  /** Not all runs have the same. */
  differs: boolean;
}

/** All values of these runs by path, those that differ first. */
export function configRows(runs: readonly RunSummary[]): ConfigRow[] {
  const configs = runs.map((run) => flatConfig(run.config));
  const paths = [...new Set(configs.flatMap((config) => [...config.keys()]))];
  const rows = paths.map((path) => {
    const values = configs.map((config) => config.get(path));
    const texts = new Set(values.map((value) => (value === undefined ? '' : JSON.stringify(value))));
    return { path, values, differs: texts.size > 1 };
  });
  return rows.sort((a, b) => Number(b.differs) - Number(a.differs) || a.path.localeCompare(b.path));
}
