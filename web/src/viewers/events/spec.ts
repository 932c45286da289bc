import type { FoundEvent } from '../../api/wire';
import { settingsOf } from '../../state/settings_text';

/** By what the list is sorted: `rank` has the first of each kind, then the second, and so on. */
export type Sort = 'rank' | 'score' | 'episode';

/** What the address says of this page, beside the run. */
export interface Spec {
  /** Names of the kinds that are shown; empty for all that were looked for. */
  kinds: readonly string[];
  sort: Sort;
  /** Settings of the finders that are not as usual. */
  settings: Readonly<Record<string, string>>;
}

const SORTS: readonly Sort[] = ['rank', 'score', 'episode'];

/** Reads the spec; anything odd gives what is usual. */
export function specOf(param: (name: string) => string | null): Spec {
  const kinds = (param('kinds') ?? '').split(',').filter(Boolean);
  return {
    kinds: [...new Set(kinds)],
    sort: SORTS.find((one) => one === param('sort')) ?? 'rank',
    settings: settingsOf(param('with')),
  };
}

/** The events that are shown, in their order; the server's order is that of ranks. */
export function listed(
  events: readonly FoundEvent[],
  { kinds, sort }: Pick<Spec, 'kinds' | 'sort'>,
): FoundEvent[] {
  const shown = kinds.length === 0 ? [...events] : events.filter(({ kind }) => kinds.includes(kind));
  if (sort === 'score') return shown.toSorted((a, b) => (b.score ?? 0) - (a.score ?? 0));
  if (sort === 'episode') return shown.toSorted((a, b) => a.episode - b.episode || a.step - b.step);
  return shown;
}
