import type { MapRequest, MapSource } from '../../api/maps';
import { settingsOf } from '../../state/settings_text';
import { numbersOf, numbersText } from '../../ui/episode_numbers';

/** What the address says of this page; the runs are those that are shown everywhere. */
export interface Spec {
  /** Episodes by run, where not all recorded ones are mapped. */
  only: ReadonlyMap<string, readonly number[]>;
  /** Samples that are mapped in place of recorded steps. */
  samples: string | null;
  /** What is mapped; null for the first choice there is. */
  of: string | null;
  method: string;
  dims: 2 | 3;
  points: number;
  /** Settings of the method that are not as usual. */
  settings: Readonly<Record<string, string>>;
  /** The field whose values take part in the layout as labels. */
  supervised: string | null;
  /** Global step of the network that is asked for layers; null for the one in force. */
  network: number | null;
  colour: string | null;
  opacity: string | null;
  size: string | null;
  /** Colours of numbers; null for what suits them. */
  shades: string | null;
  /** Values of the colour that stand out. */
  range: readonly [number, number] | null;
  /** Choices of the colour that stand out. */
  isolated: readonly number[];
  /** What does not stand out is not drawn at all. */
  hides: boolean;
  /** A regular expression that texts of points are searched by. */
  find: string;
  /** Episodes drawn as lines. */
  lines: readonly Place[];
  /** The one episode that stands out. */
  episode: Place | null;
  /** Name of the set that stands out. */
  set: string | null;
  /** What is put on the axes in place of the layout: `field:NAME` or `between:SET>SET`. */
  axes: readonly string[];
  /** What is written on the map. */
  labels: 'none' | 'sets' | 'colours';
  /** The field whose values are written at points. */
  label: string | null;
  pictures: boolean;
  metric: 'euclidean' | 'cosine';
  count: number;
}

export interface Place {
  run: string;
  episode: number;
}

export const POINTS = { usual: 10_000, max: 1_000_000, choices: [1_000, 10_000, 50_000, 200_000, 1_000_000] };
/** Said of the opacity where it is the same for all, also where it would be something else. */
export const NO_OPACITY = 'none';
/** Lines that can still be told apart. */
export const LINES_MAX = 12;
const LABELS = ['none', 'sets', 'colours'] as const;
const COUNTS = [5, 10, 15, 30, 60];

/** Parameters of the address that a spec is read from. Where the map is looked at from is none of them: it changes with every picture. */
export const SPEC_PARAMS = [
  'points',
  'count',
  'network',
  'only',
  'samples',
  'of',
  'method',
  'dims',
  'with',
  'supervised',
  'colour',
  'opacity',
  'size',
  'shades',
  'range',
  'only_colour',
  'rest',
  'find',
  'lines',
  'at',
  'only_set',
  'axes',
  'labels',
  'label',
  'pictures',
  'metric',
] as const;

type Param = (name: (typeof SPEC_PARAMS)[number]) => string | null;

/** Reads the spec; anything odd gives what is usual. */
export function specOf(param: Param): Spec {
  const points = Number(param('points') ?? POINTS.usual);
  const count = Number(param('count') ?? 15);
  const network = param('network');
  return {
    only: episodesOf(param('only')),
    samples: param('samples') || null,
    of: param('of') || null,
    method: param('method') || 'pca',
    dims: param('dims') === '3' ? 3 : 2,
    points: Number.isInteger(points) && points >= 10 && points <= POINTS.max ? points : POINTS.usual,
    settings: settingsOf(param('with')),
    supervised: param('supervised') || null,
    network: network !== null && /^\d{1,15}$/.test(network) ? Number(network) : null,
    colour: param('colour') || null,
    opacity: param('opacity') || null,
    size: param('size') || null,
    shades: param('shades') || null,
    range: rangeOf(param('range')),
    isolated: (param('only_colour') ?? '')
      .split(',')
      .filter((part) => /^-?\d{1,9}$/.test(part))
      .map(Number),
    hides: param('rest') === 'hidden',
    find: param('find') ?? '',
    lines: (param('lines') ?? '').split(',').flatMap(placeOf).slice(0, LINES_MAX),
    episode: placeOf(param('at') ?? '')[0] ?? null,
    set: param('only_set') || null,
    axes: (param('axes') ?? '').split('|').filter((axis) => /^(field|between):.+/.test(axis)),
    labels: LABELS.find((one) => one === param('labels')) ?? 'sets',
    label: param('label') || null,
    pictures: param('pictures') === 'on',
    metric: param('metric') === 'cosine' ? 'cosine' : 'euclidean',
    count: COUNTS.includes(count) ? count : 15,
  };
}

/** The question that a spec puts, of the runs shown that have recorded episodes. */
export function requestOf(
  spec: Spec,
  runs: readonly string[],
  of: string,
  samples: string | null = null,
): MapRequest {
  const isLayer = of.startsWith('layer/');
  return {
    sources: sourcesOf(spec, runs, isLayer ? spec.network : null, samples),
    of,
    points: spec.points,
    method: spec.method,
    dims: spec.dims,
    settings: spec.settings,
    ...(takesLabels(spec.method) && spec.supervised !== null ? { supervised_by: spec.supervised } : {}),
  };
}

/** Whether labels can take part in a layout by this method. */
export const takesLabels = (method: string) => method === 'umap';

/**
 * Runs with the episodes of each that are mapped, or with the samples. A run of which the address names some episodes is mapped by these
 * alone.
 */
export function sourcesOf(
  spec: Spec,
  runs: readonly string[],
  network: number | null,
  samples: string | null = null,
): MapSource[] {
  return runs.map((run) => {
    const episodes = samples === null ? spec.only.get(run) : undefined;
    return {
      run,
      ...(episodes ? { episodes } : {}),
      ...(samples === null ? {} : { samples }),
      ...(network === null ? {} : { checkpoint: network }),
    };
  });
}

/** As the address keeps which episodes of which runs are mapped; null for all. */
export function episodesText(only: ReadonlyMap<string, readonly number[]>): string | null {
  return [...only].map(([run, episodes]) => `${run}:${numbersText(episodes)}`).join(',') || null;
}

export const placeText = ({ run, episode }: Place) => `${run}:${episode}`;

function episodesOf(text: string | null): Map<string, number[]> {
  const only = new Map<string, number[]>();
  for (const part of (text ?? '').split(',')) {
    const cut = part.lastIndexOf(':');
    const numbers = cut > 0 ? numbersOf(part.slice(cut + 1)) : null;
    if (numbers) only.set(part.slice(0, cut), numbers);
  }
  return only;
}

function rangeOf(text: string | null): [number, number] | null {
  const ends = (text ?? '').split('..').map((end) => (end.trim() === '' ? NaN : Number(end)));
  return ends.length === 2 && ends.every(Number.isFinite) && ends[0] <= ends[1] ? [ends[0], ends[1]] : null;
}

function placeOf(text: string): Place[] {
  const found = /^(.+):(\d{1,9})$/.exec(text);
  return found ? [{ run: found[1], episode: Number(found[2]) }] : [];
}
