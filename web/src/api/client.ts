import { columnNamed, decodeColumns, doubles, type Columns } from './columns';
import { encodeDoubles } from './encode_columns';
import { ExplanationsClient } from './explanations_client';
import { FeaturesClient } from './features_client';
import { heatMapOf, histogramsOf, type HeatMapRows, type Histograms } from './histograms';
import { LayoutsClient } from './layouts_client';
import { MapsClient } from './maps_client';
import { NetworkClient } from './network_client';
import { at, search } from './paths';
import type { BenchmarkPart, BenchmarkQuery, ParametersQuery } from './benchmark';
import type { PluginList } from './plugins';
import { ApiError, BinaryBody, type Source, type Tagged } from './source';
import type { ReportQuery } from './report';
import { seriesOf, type Series } from './series';
import type { AnyTable, TableFile } from './exports';
import { readFileParts, readVideo, type VideoOptions, type VideoProgress } from './video';
import type {
  ActionCounts,
  Axis,
  Benchmark,
  CheckpointChanges,
  Derivation,
  EpisodeDetail,
  EpisodeSummary,
  ErrorBody,
  Failure,
  Film,
  FoundEvents,
  Health,
  Notes,
  Parameters,
  PolicyDivergence,
  RunDetail,
  RunHealth,
  RunList,
  SeriesEntry,
  TagsOfRun,
  SeriesQuery,
  TrendMethod,
} from './wire';

/** Part of an axis, `from` included, `to` not. Left out: all of it. */
export interface Range {
  from?: number;
  to?: number;
}

/** A line through points, at some of their rows. */
export interface TrendLine {
  row: Uint32Array;
  x: Float64Array;
  /** NaN where nothing determines it. */
  y: Float64Array;
  /** Points that it was fitted to. */
  fitted: number;
}

/** Rows of several fields of one episode. */
export interface Fields {
  columns: Columns;
  /** Step of the first row. */
  first: number;
  /** Fields that could not be had, and why. */
  errors: Record<string, ErrorBody>;
}

/** The HTTP API with types; `docs/http.md` describes each route. Every method throws `ApiError`. */
export class Client {
  /** Why a policy said what it said. */
  readonly explanations: ExplanationsClient;
  /** Layers taken apart. */
  readonly features: FeaturesClient;
  /** Maps of states. */
  readonly maps: MapsClient;
  readonly network: NetworkClient;
  /** Layouts that people saved. */
  readonly layouts: LayoutsClient;
  readonly #source: Source;

  /** A report brings clients of its own for what it answers by parts of what was recorded. */
  constructor(
    source: Source,
    explanations: ExplanationsClient = new ExplanationsClient(source),
    features: FeaturesClient = new FeaturesClient(source),
  ) {
    this.#source = source;
    this.explanations = explanations;
    this.features = features;
    this.maps = new MapsClient(source);
    this.network = new NetworkClient(source);
    this.layouts = new LayoutsClient(source);
  }

  health(signal?: AbortSignal): Promise<Health> {
    return this.#source.json('/api/health', { signal });
  }

  runs(signal?: AbortSignal): Promise<RunList> {
    return this.#source.json('/api/runs', { signal });
  }

  run(run: string, signal?: AbortSignal): Promise<RunDetail> {
    return this.#source.json(at(run), { signal });
  }

  /** Several curves at once, each in at most `buckets` buckets, in the order of `queries`; an error where one could not be had. */
  async series(
    queries: readonly SeriesQuery[],
    buckets: number,
    signal?: AbortSignal,
  ): Promise<(Series | { query: SeriesQuery; error: Failure })[]> {
    const bytes = await this.#source.bytes('/api/series', { body: { series: queries, buckets }, signal });
    const columns = decodeColumns(bytes);
    const entries = (columns.header.series ?? []) as SeriesEntry[];
    return queries.map((query, i) => seriesOf(columns, i, query, entries[i]));
  }

  /** Which scalars many runs have, in the order of `runs`; an error where one could not be had. */
  async tags(runs: readonly string[], signal?: AbortSignal): Promise<TagsOfRun[]> {
    const answer = await this.#source.json<{ runs: TagsOfRun[] }>('/api/tags', { body: { runs }, signal });
    return answer.runs;
  }

  /** What the film is that somebody else made of an episode. */
  film(run: string, episode: number, signal?: AbortSignal): Promise<Film> {
    return this.#source.json(`${at(run)}/episodes/${episode}/film`, { signal });
  }

  /** Steps as a file, a row a frame of the film that shows them `fps` a second. */
  steps(
    run: string,
    episode: number,
    asked: { from: number; to: number; fps: number; format: TableFile },
    signal?: AbortSignal,
  ): Promise<ArrayBuffer> {
    return this.#source.bytes(`/api/exports/steps${search({ run, episode, ...asked })}`, { signal });
  }

  /** Where a video element finds its file. */
  filmAddress(run: string, episode: number): string {
    return `${at(run)}/episodes/${episode}/film.mp4`;
  }

  /** Algorithms compared over tasks and seeds. */
  benchmark(query: BenchmarkQuery, signal?: AbortSignal): Promise<Benchmark> {
    return this.#source.json('/api/benchmark', { body: query, signal });
  }

  /** A part of it as a file; of scores there are tables for a paper too, of what stands in a cell. */
  benchmarkTable(
    query: BenchmarkQuery,
    asked: { part: BenchmarkPart; format: AnyTable; cells?: string },
  ): Promise<ArrayBuffer> {
    return this.#source.bytes(`/api/benchmark/table${search(asked)}`, { body: query });
  }

  /** What of their configs goes with how well these runs did. */
  parameters(query: ParametersQuery, signal?: AbortSignal): Promise<Parameters> {
    return this.#source.json('/api/benchmark/parameters', { body: query, signal });
  }

  /** The importance of each as a file. */
  parametersTable(query: ParametersQuery, format: AnyTable): Promise<ArrayBuffer> {
    return this.#source.bytes(`/api/benchmark/parameters/table${search({ format })}`, { body: query });
  }

  /** Episodes of a run: one column a member of `EpisodeRow`. */
  async episodes(run: string, range: Range = {}, signal?: AbortSignal): Promise<Columns> {
    return decodeColumns(await this.#source.bytes(`${at(run)}/episodes${search({ ...range })}`, { signal }));
  }

  episode(run: string, episode: number, signal?: AbortSignal): Promise<EpisodeDetail> {
    return this.#source.json(`${at(run)}/episodes/${episode}`, { signal });
  }

  /** How often each action was taken in some episodes, numbers in `bins` bins. The server counts at most 1,000 episodes. */
  actions(run: string, episodes: readonly number[], bins = 32, signal?: AbortSignal): Promise<ActionCounts> {
    return this.#source.json(`${at(run)}/actions`, { body: { episodes, bins }, signal });
  }

  /** Returns, lengths and ends of some episodes. */
  episodeSummary(run: string, episodes: readonly number[], signal?: AbortSignal): Promise<EpisodeSummary> {
    return this.#source.json(`${at(run)}/episodes/summary`, { body: { episodes }, signal });
  }

  /** A line through points that ascend in x, at no more than `places` of them. */
  async trend(
    method: TrendMethod,
    x: Float64Array,
    y: Float64Array,
    places: number,
    signal?: AbortSignal,
  ): Promise<TrendLine> {
    const body = new BinaryBody('application/x-ethogram-columns', encodeDoubles({ x, y }));
    const path = `/api/trend${search({ ...method, places })}`;
    const columns = decodeColumns(await this.#source.bytes(path, { body, signal }));
    return {
      row: columnNamed(columns, 'row').data as Uint32Array,
      x: doubles(columnNamed(columns, 'x')),
      y: doubles(columnNamed(columns, 'y')),
      fitted: Number(columns.header.fitted ?? 0),
    };
  }

  /** Step fields, logged or derived. `params` are those of derived fields, for example `{"advantage.gamma": 0.99}`. */
  async fields(
    run: string,
    episode: number,
    names: readonly string[],
    options: Range & { params?: Record<string, string | number>; signal?: AbortSignal } = {},
  ): Promise<Fields> {
    const { from, to, params, signal } = options;
    const query = search({ names: names.join(','), from, to, ...params });
    const bytes = await this.#source.bytes(`${at(run)}/episodes/${episode}/fields${query}`, { signal });
    const columns = decodeColumns(bytes);
    return {
      columns,
      first: Number(columns.header.first ?? 0),
      errors: (columns.header.errors ?? {}) as Record<string, ErrorBody>,
    };
  }

  /** Smallest and largest finite value of each element of a field, over the whole episode; NaN where there is none. */
  async extents(
    run: string,
    episode: number,
    name: string,
    signal?: AbortSignal,
  ): Promise<{ low: Float64Array; high: Float64Array }> {
    const query = search({ name });
    const columns = decodeColumns(
      await this.#source.bytes(`${at(run)}/episodes/${episode}/extents${query}`, { signal }),
    );
    const error = (columns.header.errors as Record<string, ErrorBody> | undefined)?.[name];
    if (error) throw new ApiError(422, error);
    return {
      low: doubles(columnNamed(columns, `${name}/low`)),
      high: doubles(columnNamed(columns, `${name}/high`)),
    };
  }

  /** Events of all recorded episodes, `top` of each kind; of the usual kinds unless some are named. In part while `done` is below `episodes`. */
  runEvents(
    run: string,
    options: {
      kinds?: readonly string[];
      top?: number;
      settings?: Readonly<Record<string, string>>;
      signal?: AbortSignal;
    } = {},
  ): Promise<FoundEvents> {
    const { kinds, top, settings, signal } = options;
    const query = search({ ...settings, kinds: kinds?.join(',') || undefined, top });
    return this.#source.json(`${at(run)}/events${query}`, { signal });
  }

  /** Events of one episode. */
  episodeEvents(run: string, episode: number, signal?: AbortSignal): Promise<FoundEvents> {
    return this.#source.json(`${at(run)}/episodes/${episode}/events`, { signal });
  }

  /** What looks wrong about the training of a run; `settings` are those of the rules that are not as usual. */
  runHealth(
    run: string,
    settings: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<RunHealth> {
    return this.#source.json(`${at(run)}/health${search({ ...settings })}`, { signal });
  }

  /** How far the policy of each recorded episode is from that of the one before. */
  divergence(run: string, signal?: AbortSignal): Promise<PolicyDivergence> {
    return this.#source.json(`${at(run)}/divergence`, { signal });
  }

  /** How far each checkpoint is from the one before, on the states of an episode. */
  checkpointChanges(run: string, episode: number, signal?: AbortSignal): Promise<CheckpointChanges> {
    return this.#source.json(`${at(run)}/episodes/${episode}/checkpoint_changes`, { signal });
  }

  /** Path of the frame groups that cover a range, for the worker that fetches and decodes them. */
  framesPath(run: string, episode: number, field: string, range: Range = {}): string {
    return `${at(run)}/episodes/${episode}/frames${search({ field, ...range })}`;
  }

  /** Frame groups that cover a range, encoded; see `docs/http.md`, "Frame groups". */
  frames(
    run: string,
    episode: number,
    field: string,
    range: Range = {},
    signal?: AbortSignal,
  ): Promise<ArrayBuffer> {
    return this.#source.bytes(this.framesPath(run, episode, field, range), { signal });
  }

  /** Steps of an episode as a film, made by the server while it is read. */
  async video(
    run: string,
    episode: number,
    options: VideoOptions,
    onprogress: (progress: VideoProgress) => void,
    signal?: AbortSignal,
  ): Promise<Blob> {
    const path = `${at(run)}/episodes/${episode}/video${search({ ...options, parts: 1 })}`;
    return readVideo(await this.#source.stream(path, { signal }), options.format, onprogress);
  }

  /** A static report as one HTML file, made by the server; `onprogress` hears how many of its questions were answered. */
  async report(
    query: ReportQuery,
    onprogress: (progress: VideoProgress) => void,
    signal?: AbortSignal,
  ): Promise<Blob> {
    const stream = await this.#source.stream('/api/reports?parts=1', { body: query, signal });
    return readFileParts(stream, { type: 'text/html', name: 'report' }, onprogress);
  }

  /** Tensors, distributions, pictures or texts of one tag. */
  async tensors(
    run: string,
    axis: Axis,
    tag: string,
    range: Range = {},
    signal?: AbortSignal,
  ): Promise<Columns> {
    return decodeColumns(
      await this.#source.bytes(`${at(run)}/tensors${search({ axis, tag, ...range })}`, { signal }),
    );
  }

  /** How the values of a tensor, a distribution or a scalar are spread, along its axis. */
  async histograms(
    run: string,
    axis: Axis,
    tag: string,
    options: { rows?: number; bins?: number } = {},
    signal?: AbortSignal,
  ): Promise<Histograms> {
    const path = `${at(run)}/histograms${search({ axis, tag, ...options })}`;
    return histogramsOf(decodeColumns(await this.#source.bytes(path, { signal })));
  }

  /** The entries of a tensor along its axis, in at most `entries` cells a row. */
  async heatMap(
    run: string,
    axis: Axis,
    tag: string,
    options: { rows?: number; entries?: number } = {},
    signal?: AbortSignal,
  ): Promise<HeatMapRows> {
    const path = `${at(run)}/heat_maps${search({ axis, tag, ...options })}`;
    return heatMapOf(decodeColumns(await this.#source.bytes(path, { signal })));
  }

  blob(run: string, hash: string, signal?: AbortSignal): Promise<ArrayBuffer> {
    return this.#source.bytes(`${at(run)}/blobs/${encodeURIComponent(hash)}`, { signal });
  }

  /** What people wrote about a run, with the tag that `putNotes` wants. */
  notes(run: string, signal?: AbortSignal): Promise<Tagged<Notes>> {
    return this.#source.tagged(`${at(run)}/notes`, { signal });
  }

  /**
   * Replaces what people wrote about a run, if it still is what `tag` says; gives it as it is kept. When somebody else wrote in
   * between it throws an `ApiError` that `isChanged`; `notesOf` takes what is there now out of it.
   */
  putNotes(run: string, notes: Notes, tag: string, signal?: AbortSignal): Promise<Tagged<Notes>> {
    return this.#source.tagged(`${at(run)}/notes`, { method: 'PUT', body: notes, ifMatch: tag, signal });
  }

  /** How much of what was computed lies beside a run. */
  kept(run: string, signal?: AbortSignal): Promise<KeptBeside> {
    return this.#source.json(`${at(run)}/kept`, { signal });
  }

  /** Removes it; gives what is left. */
  forgetKept(run: string, signal?: AbortSignal): Promise<KeptBeside> {
    return this.#source.json(`${at(run)}/kept`, { method: 'DELETE', signal });
  }

  /** Viewers that people put into a folder. */
  plugins(signal?: AbortSignal): Promise<PluginList> {
    return this.#source.json('/api/plugins', { signal });
  }

  /** The text of a plug-in's module, for the frame that runs it. */
  async pluginModule(name: string, signal?: AbortSignal): Promise<string> {
    const bytes = await this.#source.bytes(`/api/plugins/${encodeURIComponent(name)}/module`, { signal });
    return new TextDecoder().decode(bytes);
  }

  derivations(signal?: AbortSignal): Promise<Derivation[]> {
    return this.#source.json('/api/derivations', { signal });
  }
}

/** The notes of now out of the error of a `putNotes` that came too late; null for any other error. */
export function notesOf(error: unknown): Tagged<Notes> | null {
  if (!(error instanceof ApiError) || !error.isChanged || error.tag === null) return null;
  const notes = (error.body as { notes?: Notes | null }).notes;
  return notes ? { value: notes, tag: error.tag } : null;
}

/** What was computed and lies beside a run. */
export interface KeptBeside {
  /** Questions, and the bytes of their answers. */
  attributions: { questions: number; bytes: number };
}
