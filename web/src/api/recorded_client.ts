import { Client, type Fields, type Range } from './client';
import { seriesOf, type Series } from './series';
import { columnsOf, sliceRows } from './column_rows';
import { columnNamed, type Column, type Columns } from './columns';
import { framesWithin } from './frames_within';
import type { PluginList } from './plugins';
import { notInReport, type RecordBook } from './record_book';
import { episodesAt as at, RecordedAnswers } from './recorded_answers';
import { RecordedExplanations } from './recorded_explanations';
import { RecordedFeatures } from './recorded_features';
import { RecordedSource } from './recorded_source';
import type { RecordEntry, ReportHead } from './report';
import type { ErrorBody, Failure, Film, SeriesEntry, SeriesQuery, TagsOfRun } from './wire';

/**
 * The API over what a report carries. Whole episodes and whole curves were recorded; here the parts that pages ask for are cut out of
 * them. What was not recorded is an `ApiError` that says so.
 */
export class RecordedClient extends Client {
  readonly #answers: RecordedAnswers;
  /** Addresses of films, by episode. */
  readonly #films = new Map<string, string>();

  constructor(
    private readonly head: ReportHead,
    private readonly book: RecordBook,
  ) {
    const source = new RecordedSource(book);
    const answers = new RecordedAnswers(head, book);
    super(source, new RecordedExplanations(source, answers), new RecordedFeatures(source, answers));
    this.#answers = answers;
  }

  override async series(
    queries: readonly SeriesQuery[],
  ): Promise<(Series | { query: SeriesQuery; error: Failure })[]> {
    return Promise.all(
      queries.map(async (query) => {
        for (const entry of this.#curvesOf(query)) {
          const columns = await this.#answers.decoded(entry);
          const told = (columns.header.series as SeriesEntry[] | undefined)?.[0];
          if (!isOf(query, told)) continue;
          const answer = seriesOf(columns, 0, query, told);
          return 'error' in answer ? answer : within(answer, query);
        }
        return { query, error: notInReport().body };
      }),
    );
  }

  /** Answers that may be the one to this question: the curve of the run, or means of groups that all its runs are of. */
  #curvesOf({ run, runs, axis, tag }: SeriesQuery): RecordEntry[] {
    if (run) return this.book.all('/api/series', { run, axis, tag }).slice(0, 1);
    return this.head.groups.flatMap((group, index) =>
      runs?.every((one) => group.includes(one))
        ? this.book.all('/api/series', { group: String(index), axis, tag })
        : [],
    );
  }

  override tags(runs: readonly string[]): Promise<TagsOfRun[]> {
    return Promise.all(
      runs.map(async (run) => {
        const entry = this.book.all('/api/tags', { run })[0];
        if (!entry) return { run, error: notInReport().body as ErrorBody };
        const answer = await this.book.json<{ runs: TagsOfRun[] }>(entry);
        return answer.runs[0]!;
      }),
    );
  }

  /** All episodes of the run; of those that are not in the report it says that their steps were not recorded, and knows no film. */
  override async episodes(run: string, range: Range = {}): Promise<Columns> {
    const whole = await this.#answers.decoded(this.book.exact(at(run), {}));
    const indices = columnNamed(whole, 'episode').data;
    const kept = new Set(this.head.episodes.filter((one) => one.run === run).map(({ episode }) => episode));
    const recorded = columnNamed(whole, 'recorded');
    const mine: Column = {
      ...recorded,
      data: Uint8Array.from(indices, (episode, row) => Number(kept.has(episode) && recorded.data[row] !== 0)),
      dtype: 'bool',
      valid: null,
    };
    const columns = columnsOf(
      whole.header,
      whole.columns.map((column) => {
        if (column === recorded) return mine;
        if (column.name !== 'extra' || !column.text) return column;
        const text = column.text.map((said, row) =>
          said === null || this.book.all(`${at(run)}/${indices[row]}/film`).length > 0
            ? said
            : withoutFilm(said),
        );
        return { ...column, text };
      }),
    );
    const from = range.from ? indices.findIndex((episode) => episode >= range.from!) : 0;
    return sliceRows(columns, from < 0 ? indices.length : from, Infinity);
  }

  /** What the film is; `filmAddress` knows where it lies from then on. */
  override async film(run: string, episode: number, signal?: AbortSignal): Promise<Film> {
    const film = await super.film(run, episode, signal);
    const path = `${at(run)}/${episode}/film.mp4`;
    if (!this.#films.has(path)) {
      const bytes = await this.book.bytes(this.book.exact(path, {}));
      const file = new Blob([bytes], { type: 'video/mp4' });
      if (!this.#films.has(path)) this.#films.set(path, URL.createObjectURL(file));
    }
    return film;
  }

  override filmAddress(run: string, episode: number): string {
    return this.#films.get(`${at(run)}/${episode}/film.mp4`) ?? '';
  }

  override async fields(
    run: string,
    episode: number,
    names: readonly string[],
    options: Range & { params?: Record<string, string | number> } = {},
  ): Promise<Fields> {
    const kept = this.#answers.episode(run, episode);
    const first = Math.max(kept.from, options.from ?? 0);
    const end = Math.min(kept.to, options.to ?? Infinity);
    const errors: Record<string, ErrorBody> = {};
    const columns: Column[] = [];
    await Promise.all(
      names.map(async (name) => {
        const params = Object.entries(options.params ?? {}).map(([key, value]) => [key, String(value)]);
        const query: Record<string, string> = { names: name, ...Object.fromEntries(params) };
        try {
          const entry = this.book.exact(`${at(run)}/${episode}/fields`, query);
          const whole = await this.#answers.decoded(entry);
          const error = (whole.header.errors as Record<string, ErrorBody> | undefined)?.[name];
          const start = Number(whole.header.first ?? 0);
          if (error) errors[name] = error;
          else columns.push(columnNamed(sliceRows(whole, first - start, end - start), name));
        } catch (error) {
          errors[name] = (
            error instanceof Error && 'body' in error ? error.body : { message: String(error) }
          ) as ErrorBody;
        }
      }),
    );
    return { columns: columnsOf({ first, errors }, columns), first, errors };
  }

  override async frames(
    run: string,
    episode: number,
    field: string,
    range: Range = {},
  ): Promise<ArrayBuffer> {
    const { from, to } = this.#answers.episode(run, episode);
    const entry = this.book.exact(`${at(run)}/${episode}/frames`, { field });
    const [first, end] = [Math.max(from, range.from ?? 0), Math.min(to, range.to ?? Infinity)];
    return framesWithin(await this.book.bytes(entry), first, end);
  }

  override plugins(): Promise<PluginList> {
    return Promise.resolve({ plugins: [], skipped: [], folders: [] });
  }
}

/** What an episode says of itself, but for its film. */
function withoutFilm(said: string): string {
  if (!said.includes('video_blob')) return said;
  try {
    return JSON.stringify(JSON.parse(said), (key, value: unknown) =>
      key === 'video_blob' ? undefined : value,
    );
  } catch {
    return said;
  }
}

/** The part of a curve that was asked for. */
/** Whether a mean is of the runs that were asked for and no others; it is the server's to compute, so no other can be had. */
function isOf({ runs }: SeriesQuery, told: SeriesEntry | undefined): boolean {
  if (!runs || !told || 'error' in told) return true;
  return told.runs?.length === runs.length && runs.every((run) => told.runs!.includes(run));
}

function within(series: Series, { from, to }: SeriesQuery): Series {
  if (from === undefined && to === undefined) return series;
  const low = from ?? -Infinity;
  const high = to ?? Infinity;
  const start = series.step.findIndex((step) => step >= low);
  const first = start < 0 ? series.step.length : start;
  let end = first;
  while (end < series.step.length && series.step[end]! < high) end += 1;
  const cut = <A extends Float64Array | Uint32Array>(column: A) => column.subarray(first, end) as A;
  return {
    ...series,
    step: cut(series.step),
    timeUs: cut(series.timeUs),
    count: cut(series.count),
    min: cut(series.min),
    max: cut(series.max),
    mean: cut(series.mean),
    last: cut(series.last),
    notFinite: series.notFinite && cut(series.notFinite),
    low: series.low && cut(series.low),
    high: series.high && cut(series.high),
  };
}
