import type { Axis, EpisodeDetail, RunDetail } from '../api/wire';

/** Where the numbers of a field lie: curves, the table of episodes, the steps of an episode, arrays over training. */
export type FieldSource = 'scalar' | 'episode' | 'step' | 'tensor' | 'distribution';

/** A field of a run, by where it lies and its name. */
export interface FieldRef {
  from: FieldSource;
  axis: Axis;
  name: string;
}

/** One that was logged. */
export interface LoggedField extends FieldRef {
  /** Said beside the name: what it is, and how much of it there is. */
  note: string;
}

const SOURCES: readonly FieldSource[] = ['scalar', 'episode', 'step', 'tensor', 'distribution'];
const AXES: readonly Axis[] = ['global_step', 'episode', 'step', 'checkpoint', 'sample'];

/** Headings of the sources, for lists. */
export const SOURCE_TITLES: Readonly<Record<FieldSource, string>> = {
  scalar: 'Curves',
  episode: 'Episodes',
  step: 'Steps of an episode',
  tensor: 'Arrays over training',
  distribution: 'Distributions over training',
};

/** Members of an episode that are numbers, with what people call them. */
export const EPISODE_FIELDS: readonly (readonly [name: string, note: string])[] = [
  ['episode', 'index of the episode'],
  ['episode_return', 'sum of the rewards'],
  ['length', 'steps'],
  ['global_step', 'global step at reset'],
  ['duration', 'seconds from reset to end'],
  ['env_return', 'as the environment reported it'],
  ['env_index', 'which of the environments side by side'],
  ['checkpoint', 'global step of the checkpoint in force'],
  ['evaluation', '1 when played to evaluate'],
  ['recorded', '1 when recorded step by step'],
];

/** Members of an episode that are words. */
export const EPISODE_WORDS: readonly (readonly [name: string, note: string])[] = [
  ['end', 'how it ended'],
  ['agent', 'which of several agents'],
];

/** Whether a field of episodes holds words rather than numbers. */
export function isWord({ from, name }: FieldRef): boolean {
  return from === 'episode' && EPISODE_WORDS.some(([word]) => word === name);
}

/** In one word, for layouts: `scalar:global_step:losses/td`. The name may hold anything. */
export function formatField({ from, axis, name }: FieldRef): string {
  return `${from}:${axis}:${name}`;
}

/** The inverse of [`formatField`]; null when it is not one. */
export function parseField(text: string): FieldRef | null {
  const [from, axis] = text.split(':', 2);
  const name = text.slice((from?.length ?? 0) + (axis?.length ?? 0) + 2);
  const source = SOURCES.find((known) => known === from);
  const known = AXES.find((one) => one === axis);
  return source && known && name !== '' ? { from: source, axis: known, name } : null;
}

/** Everything that some runs logged and that a panel can show, each once: curves first, by name. */
export function loggedFields(
  details: readonly Pick<RunDetail, 'scalars' | 'tensors' | 'episode_count'>[],
  extra: readonly string[] = [],
  episode: EpisodeDetail | null = null,
): LoggedField[] {
  const fields = new Map<string, LoggedField>();
  const add = (field: LoggedField) => {
    const key = formatField(field);
    if (!fields.has(key)) fields.set(key, field);
  };
  for (const { scalars, tensors, episode_count } of details) {
    for (const { axis, tag, count } of scalars)
      add({ from: 'scalar', axis, name: tag, note: `${plural(count, 'point')}, by ${axisText(axis)}` });
    for (const { axis, tag, kind, count } of tensors) {
      if (kind !== 'tensor' && kind !== 'distribution') continue;
      add({ from: kind, axis, name: tag, note: `${plural(count, 'row')}, by ${axisText(axis)}` });
    }
    if (episode_count === 0) continue;
    for (const [name, note] of EPISODE_FIELDS) add({ from: 'episode', axis: 'episode', name, note });
    for (const [name, note] of EPISODE_WORDS) add({ from: 'episode', axis: 'episode', name, note });
    for (const name of extra)
      add({ from: 'episode', axis: 'episode', name: `extra.${name}`, note: 'attached' });
  }
  for (const { name, image, dtype, shape, origin } of episode?.fields ?? []) {
    if (image || dtype === null || shape.some((n) => n !== 1)) continue;
    add({ from: 'step', axis: 'step', name, note: origin });
  }
  const rank = (field: LoggedField) => SOURCES.indexOf(field.from);
  return [...fields.values()].sort((a, b) => {
    const apart = rank(a) - rank(b);
    // Members of episodes keep the order in which people think of them.
    if (apart !== 0 || a.from === 'episode') return apart;
    return a.name.localeCompare(b.name, 'en', { numeric: true });
  });
}

/** Fields whose name holds all words of a search, case aside. */
export function searchFields(fields: readonly LoggedField[], text: string): LoggedField[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return fields.filter(({ name, from }) => {
    const whole = `${name} ${SOURCE_TITLES[from]}`.toLowerCase();
    return words.every((word) => whole.includes(word));
  });
}

function axisText(axis: Axis): string {
  return axis === 'global_step' ? 'global step' : axis;
}

function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
