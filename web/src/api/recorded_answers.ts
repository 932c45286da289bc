import { joinRows, sliceRows } from './column_rows';
import { decodeColumns, type Columns } from './columns';
import { notInReport, type RecordBook } from './record_book';
import type { ReportEpisode, ReportHead } from './report';

/** Answers that are kept decoded. */
const DECODED_KEPT = 96;

/** A question of a report; null for what it must leave out. */
export type RecordedQuery = Record<string, string | null>;

/** What a report carries, decoded, and cut to the steps that are asked for. */
export class RecordedAnswers {
  readonly #columns = new Map<unknown, Promise<Columns>>();

  constructor(
    private readonly head: ReportHead,
    readonly book: RecordBook,
  ) {}

  /** What the report has of an episode. Throws `ApiError` when it is not in it. */
  episode(run: string, episode: number): ReportEpisode {
    const found = this.head.episodes.find((one) => one.run === run && one.episode === episode);
    if (!found) throw notInReport();
    return found;
  }

  /** Rows of steps `from <= step < to` that lie in one or several answers; null when there are none at all. */
  async steps(
    path: string,
    query: RecordedQuery,
    { from, to }: { from: number; to: number },
  ): Promise<Columns | null> {
    const entries = this.book.all(path, query);
    if (entries.length === 0) return null;
    const near = entries
      .filter(({ query: has }) => Number(has.to) > from && Number(has.from) < to)
      .toSorted((a, b) => Number(a.query.from) - Number(b.query.from));
    const some = near.length > 0 ? near : entries.slice(0, 1);
    const parts = await Promise.all(
      some.map(async (entry) => {
        const whole = await this.decoded(entry);
        const start = Number(whole.header.first ?? 0);
        return sliceRows(whole, from - start, to - start);
      }),
    );
    const joined = joinRows(parts);
    const first = Math.max(from, Number(some[0]!.query.from));
    return { ...joined, header: { ...joined.header, first } };
  }

  /** An answer as columns; the latest ones are kept. */
  decoded(entry: Parameters<RecordBook['bytes']>[0]): Promise<Columns> {
    const known = this.#columns.get(entry) ?? this.book.bytes(entry).then(decodeColumns);
    this.#columns.delete(entry);
    this.#columns.set(entry, known);
    if (this.#columns.size > DECODED_KEPT) this.#columns.delete(this.#columns.keys().next().value!);
    return known;
  }
}

/** Where the answers about a run's episodes lie. */
export function episodesAt(run: string): string {
  return `/api/runs/${run}/episodes`;
}
