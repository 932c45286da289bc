import type { EpisodeTable, FullEpisodeTable } from '../../state/episode_tables';
import { hasFilm, isWatchable } from '../../state/films';

/** The table's columns that are read here. */
export type RecordedRows = EpisodeTable & { readonly extra: FullEpisodeTable['extra'] };

/** One episode that was recorded or filmed, as far as the table of episodes says. */
export interface Recording {
  run: string;
  episode: number;
  /** Global step at reset. */
  globalStep: number;
  /** Steps taken; 0 of a film of an episode that nobody counted. */
  length: number;
  /** NaN when unknown. */
  episodeReturn: number;
  startedUs: number;
  evaluation: boolean;
  ended: boolean;
  /** There is a film of it, and its steps were not recorded. */
  filmOnly: boolean;
}

/** Which recordings are shown. */
export interface Choice {
  kind: 'all' | 'training' | 'evaluation';
  /** Every n-th of a run, its newest always among them. */
  every: number;
  /** Of those of a run in one stretch of training. */
  pick: Pick;
}

export const PICKS = ['all', 'newest', 'best', 'median', 'worst'] as const;
export type Pick = (typeof PICKS)[number];

/**
 * What training progress is measured in: global steps, the share of each run's own steps, or, where nobody counted steps, the number of
 * the episode.
 */
export type Progress = 'steps' | 'share' | 'episodes';

/** A stretch of training that has recordings: the progress of the first and the last of them. */
export interface Stretch {
  from: number;
  to: number;
}

/** Recordings of one run, a list for each stretch. */
export interface Row {
  run: string;
  cells: Recording[][];
}

export interface Grid {
  stretches: Stretch[];
  rows: Row[];
}

/** The episodes of a run that can be watched, oldest first. */
export function recordingsOf(run: string, table: RecordedRows): Recording[] {
  const found: Recording[] = [];
  for (let row = 0; row < table.episode.length; row += 1) {
    if (!isWatchable(table, row)) continue;
    found.push({
      run,
      episode: table.episode[row],
      globalStep: table.globalStep[row],
      length: table.length[row],
      episodeReturn: table.episodeReturn[row],
      startedUs: table.startedUs[row],
      evaluation: table.evaluation[row] === 1,
      ended: table.ended[row] === 1,
      filmOnly: table.recorded[row] !== 1 && hasFilm(table.extra[row] ?? null),
    });
  }
  return found.sort((a, b) => a.globalStep - b.globalStep || a.episode - b.episode);
}

/** Those of a run that pass; `recordings` oldest first. */
export function passing(recordings: readonly Recording[], { kind, every }: Choice): Recording[] {
  const ofKind = recordings.filter(
    ({ evaluation }) => kind === 'all' || evaluation === (kind === 'evaluation'),
  );
  return ofKind.filter((_, i) => (ofKind.length - 1 - i) % Math.max(1, every) === 0);
}

/** Of recordings of one run and stretch, oldest first, those that are shown. Without returns the newest stands for best and worst. */
export function picked(recordings: readonly Recording[], pick: Pick): Recording[] {
  if (pick === 'all' || recordings.length <= 1) return [...recordings];
  const byReturn = recordings
    .filter(({ episodeReturn }) => !Number.isNaN(episodeReturn))
    .toSorted((a, b) => a.episodeReturn - b.episodeReturn);
  const newest = recordings[recordings.length - 1];
  if (pick === 'newest' || byReturn.length === 0) return [newest];
  const at = { best: byReturn.length - 1, worst: 0, median: Math.floor((byReturn.length - 1) / 2) }[pick];
  return [byReturn[at]];
}

/** Runs whose last recordings are further apart than this are compared by share of their own training. */
const COMPARABLE = 4;

/**
 * Steps where the runs trained about as long, the share of each run's own training otherwise; episodes where there are films alone and
 * nothing says when they were made.
 */
export function progressFor(runs: readonly (readonly Recording[])[]): Progress {
  const known = runs.flat();
  if (known.length > 0 && known.every(({ filmOnly, globalStep }) => filmOnly && !(globalStep > 0)))
    return 'episodes';
  const ends = runs.map((recordings) => recordings.at(-1)?.globalStep ?? 0).filter((end) => end > 0);
  return ends.length > 1 && Math.max(...ends) > COMPARABLE * Math.min(...ends) ? 'share' : 'steps';
}

/**
 * Rows are runs, columns are stretches of training: one for each distinct place while there are at most `columns`, else with about as
 * many places each.
 */
export function gridOf(
  runs: readonly Recording[][],
  choice: Choice,
  progress: Progress,
  columns: number,
): Grid {
  const rows = runs.map((recordings) => {
    const end = recordings.at(-1)?.globalStep ?? 0;
    const placeOf = ({ globalStep, episode }: Recording) => {
      if (progress === 'episodes') return episode;
      if (progress === 'steps') return globalStep;
      return end > 0 ? globalStep / end : 0;
    };
    return passing(recordings, choice).map((recording) => ({ recording, place: placeOf(recording) }));
  });
  const places = [...new Set(rows.flat().map(({ place }) => place))].sort((a, b) => a - b);
  const bins = binsOf(places, Math.max(1, columns));
  return {
    stretches: bins.map((bin) => ({ from: bin[0], to: bin[bin.length - 1] })),
    rows: rows.flatMap((row) => {
      const cells = bins.map((bin) => {
        const [from, to] = [bin[0], bin[bin.length - 1]];
        const here = row.filter(({ place }) => place >= from && place <= to);
        return picked(
          here.map(({ recording }) => recording),
          choice.pick,
        );
      });
      return row.length > 0 ? [{ run: row[0].recording.run, cells }] : [];
    }),
  };
}

/** Sorted places in at most `columns` bins of about as many places each: schedules record often at first and seldom later. */
function binsOf(places: readonly number[], columns: number): number[][] {
  const count = Math.min(columns, places.length);
  const cut = (bin: number) => Math.round((bin * places.length) / count);
  return Array.from({ length: count }, (_, bin) => places.slice(cut(bin), cut(bin + 1)));
}

/** All that a grid shows, the newest first. */
export function newestFirst(grid: Grid): Recording[] {
  return grid.rows
    .flatMap(({ cells }) => cells.flat())
    .sort((a, b) => b.startedUs - a.startedUs || b.episode - a.episode);
}
