import type { Axis, ScalarTag } from '../api/wire';
import { isReturnTag } from '../state/returns';

/** One chart of the page. */
export interface ChartItem {
  /** Unique, and the same in every session: `losses/td`, `episode:rollout/length`. */
  key: string;
  /** As it stands above the chart, without its group. */
  title: string;
  /** In full, for hover and for screen readers. */
  tag: string;
  /** What indexes it. */
  axis: Axis;
  /** Where its points come from: logged scalars, or a column of the table of episodes. */
  from: 'scalars' | 'episodes';
}

/** Charts that stand under one heading. */
export interface ChartGroup {
  name: string;
  items: ChartItem[];
}

/** Where tags without a prefix stand. */
const UNGROUPED = 'scalars';
/** Where the table of episodes stands as curves. */
const EPISODES = 'episodes';

/** Returns and lengths of episodes are kept for every run, whether or not anybody logs them as scalars. */
const EPISODE_ITEMS: readonly ChartItem[] = [
  {
    key: 'episodes.return',
    title: 'Return of each episode',
    tag: 'episode_return',
    axis: 'global_step',
    from: 'episodes',
  },
  {
    key: 'episodes.length',
    title: 'Length of each episode',
    tag: 'length',
    axis: 'global_step',
    from: 'episodes',
  },
];

/** Episodes that were played to evaluate have a chart of their own. */
const EVALUATION_ITEM: ChartItem = {
  key: 'episodes.evaluation',
  title: 'Returns in evaluation',
  tag: 'evaluation_return',
  axis: 'global_step',
  from: 'episodes',
};

/** What of a run decides which charts there are. */
export interface Charted {
  scalars: readonly Pick<ScalarTag, 'tag' | 'axis'>[];
  episode_count: number;
  /** Kinds of episodes that ended; undefined while that is unknown. */
  kinds?: { training: boolean; evaluation: boolean };
}

/**
 * All charts of some runs, grouped by the first part of the tag. Episodes come first, then groups that hold a return, then the others,
 * by name.
 */
export function groupsOf(details: readonly Charted[]): ChartGroup[] {
  const items = new Map<string, ChartItem & { group: string }>();
  for (const detail of details) {
    for (const { tag, axis } of detail.scalars) {
      const key = axis === 'global_step' ? tag : `${axis}:${tag}`;
      const slash = tag.indexOf('/');
      const grouped = slash > 0 && slash < tag.length - 1;
      const group = grouped ? tag.slice(0, slash) : UNGROUPED;
      items.set(key, { key, title: grouped ? tag.slice(slash + 1) : tag, tag, axis, from: 'scalars', group });
    }
  }
  const sorted = [...items.values()].sort((a, b) => a.key.localeCompare(b.key, 'en', { numeric: true }));
  const byName = new Map<string, ChartItem[]>();
  for (const { group, ...item } of sorted) byName.set(group, [...(byName.get(group) ?? []), item]);
  const groups = [...byName].map(([name, members]) => ({ name, items: members }));
  const rank = (group: ChartGroup) => (group.items.some((item) => isReturnTag(item.tag)) ? 0 : 1);
  groups.sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, 'en', { numeric: true }));
  if (details.every((detail) => detail.episode_count === 0)) return groups;
  // Somebody may log tags of that group, too.
  const logged = groups.find((group) => group.name === EPISODES)?.items ?? [];
  const others = groups.filter((group) => group.name !== EPISODES);
  const training = details.some(({ kinds, episode_count }) => kinds?.training ?? episode_count > 0);
  const evaluation = details.some(({ kinds }) => kinds?.evaluation);
  const known = [...(training ? EPISODE_ITEMS : []), ...(evaluation ? [EVALUATION_ITEM] : [])];
  const first = [...known, ...logged];
  return first.length > 0 ? [{ name: EPISODES, items: first }, ...others] : others;
}

/** Groups with the charts whose tag matches, empty ones left out. */
export function filterGroups(groups: readonly ChartGroup[], pattern: RegExp): ChartGroup[] {
  return groups
    .map(({ name, items }) => ({
      name,
      items: items.filter((item) => pattern.test(item.tag) || pattern.test(`${name}/${item.title}`)),
    }))
    .filter((group) => group.items.length > 0);
}

/** A pattern as people type it: a regular expression, case does not matter. While it is broken, why; then all tags match. */
export function patternOf(text: string): { pattern: RegExp; error: string | null } {
  try {
    return { pattern: new RegExp(text, 'i'), error: null };
  } catch (error) {
    return { pattern: /(?:)/, error: error instanceof Error ? error.message : String(error) };
  }
}
