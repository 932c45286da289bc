import type { FullEpisodeTable, NumberColumn } from './episode_tables';
import { hasFilm } from './films';

/** One run with its episodes. */
export interface RunEpisodes {
  run: string;
  /** For people. */
  name: string;
  /** Whether the run goes on: then its open episodes are live. */
  isRunning: boolean;
  table: FullEpisodeTable;
}

/** The episodes of several runs as one table: run after run, each ascending by episode. Never changes. */
export class EpisodeSet {
  readonly runs: readonly RunEpisodes[];
  readonly rows: number;
  /** First row of each run, and after the last. */
  readonly #starts: readonly number[];
  readonly #columns = new Map<NumberColumn, Float64Array>();
  #runOf: Float64Array | null = null;

  constructor(runs: readonly RunEpisodes[]) {
    this.runs = runs;
    const starts = [0];
    for (const { table } of runs) starts.push(starts[starts.length - 1] + table.episode.length);
    this.#starts = starts;
    this.rows = starts[runs.length];
  }

  /** A column of numbers over all rows; shared, not to be written to. */
  column(name: NumberColumn): Float64Array {
    if (this.runs.length === 1) return this.runs[0].table[name];
    let column = this.#columns.get(name);
    if (!column) {
      column = new Float64Array(this.rows);
      this.runs.forEach(({ table }, i) => column!.set(table[name], this.#starts[i]));
      this.#columns.set(name, column);
    }
    return column;
  }

  /** Whether there is a film of the episode in a row. */
  isFilmed(row: number): boolean {
    const index = this.runs.length === 1 ? 0 : this.runOf[row];
    return hasFilm(this.runs[index].table.extra[row - this.#starts[index]] ?? null);
  }

  /** Index in `runs` of each row's run. */
  get runOf(): Float64Array {
    if (!this.#runOf) {
      this.#runOf = new Float64Array(this.rows);
      this.runs.forEach((_, i) => this.#runOf!.fill(i, this.#starts[i], this.#starts[i + 1]));
    }
    return this.#runOf;
  }

  /** Rows of one run: from the first to before the second. */
  rowsOf(index: number): [number, number] {
    return [this.#starts[index], this.#starts[index + 1]];
  }

  /** Which episode of which run a row is. */
  at(row: number): { run: string; episode: number } {
    const [index, local] = this.#place(row);
    const { run, table } = this.runs[index];
    return { run, episode: table.episode[local] };
  }

  agent(row: number): string | null {
    const [index, local] = this.#place(row);
    return this.runs[index].table.agent[local];
  }

  extra(row: number): FullEpisodeTable['extra'][number] {
    const [index, local] = this.#place(row);
    return this.runs[index].table.extra[local];
  }

  /** The row of an episode, null when it is not in the table. */
  rowOf(run: string, episode: number): number | null {
    const index = this.runs.findIndex((one) => one.run === run);
    if (index < 0) return null;
    const { episode: episodes } = this.runs[index].table;
    let [low, high] = [0, episodes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (episodes[middle] < episode) low = middle + 1;
      else high = middle;
    }
    return episodes[low] === episode ? this.#starts[index] + low : null;
  }

  #place(row: number): [index: number, local: number] {
    let index = 0;
    while (index + 1 < this.runs.length && this.#starts[index + 1] <= row) index += 1;
    return [index, row - this.#starts[index]];
  }
}
