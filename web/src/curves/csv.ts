import { episodesFiles, pointsFiles } from '../api/exports';
import type { FileOffer } from '../ui/file_offer';
import { hasOutcome, type EpisodeTable } from '../state/episode_tables';
import type { EpisodeCurve } from './points';
import type { ChartItem } from './tags';

/**
 * The points behind a chart as files; `runs` is null where there is no server, or more runs than an address has room for. A curve of
 * episodes is made here: its CSV too, and other kinds have all that is known of the episodes.
 */
export function filesOf(item: ChartItem, runs: readonly string[] | null, csv: () => void): FileOffer[] {
  if (item.from === 'scalars' && runs) return pointsFiles(runs, item.axis, item.tag);
  const others =
    item.from === 'scalars' || !runs ? [] : episodesFiles(runs).filter(({ format }) => format !== 'csv');
  return [{ kind: 'CSV', run: csv }, ...others];
}

/**
 * The ended episodes behind a chart as CSV, one line each as they were logged. Text that a spreadsheet would take for a formula is led by
 * an apostrophe, as in the server's files.
 */
export function episodesCsv(
  runs: readonly { id: string; name: string; table: EpisodeTable }[],
  curve: EpisodeCurve,
): string {
  const lines = [`run,name,episode,global_step,started_us,${curve}`];
  for (const { id, name, table } of runs) {
    const head = `${cell(id)},${cell(name)}`;
    const evaluation = Number(curve === 'evaluation_return');
    const values = curve === 'length' ? table.length : table.episodeReturn;
    for (let row = 0; row < table.episode.length; row += 1) {
      if (!hasOutcome(table, row) || table.evaluation[row] !== evaluation) continue;
      lines.push(
        `${head},${table.episode[row]},${table.globalStep[row]},${table.startedUs[row]},${values[row]}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

function cell(text: string): string {
  const led = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /["\n\r,]/.test(led) ? `"${led.replaceAll('"', '""')}"` : led;
}
