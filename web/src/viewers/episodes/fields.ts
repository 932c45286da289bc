import type { ScatterKind } from '../../charts/scatter_scale';
import type { Json, Notes } from '../../api/wire';
import type { EpisodeSet } from '../../state/episode_set';
import { ENDS } from '../../state/episode_tables';
import { standingOf, STANDING_WORDS, STANDINGS } from '../../state/episode_ends';
import { EpisodeWords, WORD_MEMBERS } from './words';

/** Something that is known of every episode, one number a row. */
export interface EpisodeField {
  /** As in the address and in filters: `return`, `extra/level`, `scalar/eval/success`. */
  key: string;
  label: string;
  doc: string;
  kind: ScatterKind | 'word';
  /** NaN where nothing was logged. Of words: index into `words`. */
  values: Float64Array;
  /** The words of a field that holds some, sorted. */
  words: readonly string[] | null;
}

/** Values of one scalar on the episode axis, by run: episode and value, ascending. */
export type ScalarValues = ReadonlyMap<string, { episode: Float64Array; value: Float64Array }>;

interface Maker {
  key: string;
  label: string;
  doc: string;
  make: (set: EpisodeSet) => Pick<EpisodeField, 'kind' | 'values' | 'words'>;
}

const number = (kind: ScatterKind, values: Float64Array) => ({ kind, values, words: null });
const word = (words: readonly string[], values: Float64Array) => ({ kind: 'word' as const, values, words });

/** How an episode stands, in words; by position in `STANDINGS`. */
const END_WORDS: readonly string[] = STANDINGS.map((standing) => STANDING_WORDS[standing].short);

/** What every run says of its episodes, in the order that people see. */
const MAKERS: readonly Maker[] = [
  {
    key: 'episode',
    label: 'Episode',
    doc: 'From 0 over all writers of the run',
    make: (set) => number('count', set.column('episode')),
  },
  {
    key: 'return',
    label: 'Return',
    doc: 'Sum of the rewards',
    make: (set) => number('number', set.column('episodeReturn')),
  },
  {
    key: 'length',
    label: 'Length',
    doc: 'Steps taken',
    make: (set) => number('count', lengths(set)),
  },
  { key: 'end', label: 'End', doc: 'How it ended', make: (set) => word(END_WORDS, standings(set)) },
  {
    key: 'step',
    label: 'Global step',
    doc: 'Environment steps of the run at reset',
    make: (set) => number('count', set.column('globalStep')),
  },
  {
    key: 'duration',
    label: 'Took',
    doc: 'Wall time from reset to end',
    make: (set) => number('span', durations(set)),
  },
  {
    key: 'started',
    label: 'Started',
    doc: 'Wall time at reset',
    make: (set) =>
      number(
        'time',
        set.column('startedUs').map((us) => us / 1e6),
      ),
  },
  {
    key: 'kind',
    label: 'Kind',
    doc: 'Training or evaluation',
    make: (set) => word(['training', 'evaluation'], set.column('evaluation')),
  },
  {
    key: 'recorded',
    label: 'Recorded',
    doc: 'Whether its steps were recorded',
    make: (set) => word(['not recorded', 'recorded'], set.column('recorded')),
  },
  {
    key: 'env',
    label: 'Env',
    doc: 'Which of the environments side by side',
    make: (set) => number('count', set.column('envIndex')),
  },
  { key: 'seed', label: 'Seed', doc: 'Given to reset', make: (set) => number('number', set.column('seed')) },
  {
    key: 'checkpoint',
    label: 'Checkpoint',
    doc: 'Global step of the weights in force',
    make: (set) => number('count', set.column('checkpoint')),
  },
  {
    key: 'envreturn',
    label: 'Env return',
    doc: 'Return as the environment counts it, before wrappers',
    make: (set) => number('number', set.column('envReturn')),
  },
  {
    key: 'agent',
    label: 'Agent',
    doc: 'Which of several agents',
    make: (set) => words(set, (row) => set.agent(row)),
  },
  {
    key: 'run',
    label: 'Run',
    doc: 'Which run',
    make: (set) =>
      word(
        set.runs.map(({ name }) => name),
        set.runOf,
      ),
  },
];

/** More members than this are too many to choose from. */
const EXTRA_MAX = 100;

/** All fields of some episodes; each is made when it is first asked for. */
export class EpisodeFields {
  readonly set: EpisodeSet;
  readonly words: EpisodeWords;
  /** Keys and labels of all that can be asked for, in the order that people see. */
  readonly list: readonly { key: string; label: string; doc: string }[];
  readonly #made = new Map<string, EpisodeField | null>();
  readonly #scalars: ReadonlyMap<string, ScalarValues>;

  /** `tags` are the scalars on the episode axis; `scalars` holds those whose values are there; `notes` are those of people, by run. */
  constructor(
    set: EpisodeSet,
    tags: readonly string[] = [],
    scalars: ReadonlyMap<string, ScalarValues> = new Map(),
    notes: ReadonlyMap<string, Notes> = new Map(),
  ) {
    this.set = set;
    this.words = new EpisodeWords(set, notes);
    this.#scalars = scalars;
    this.list = [
      ...MAKERS.map(({ key, label, doc }) => ({ key, label, doc })),
      ...extraKeys(set).map((name) => ({
        key: `extra/${name}`,
        label: name,
        doc: 'Logged with the episode',
      })),
      ...tags.map((tag) => ({ key: `scalar/${tag}`, label: tag, doc: 'Scalar on the episode axis' })),
    ];
  }

  /** The field of that key; null when there is none, or its values are not there yet. */
  get(key: string): EpisodeField | null {
    let field = this.#made.get(key);
    if (field === undefined) this.#made.set(key, (field = this.#make(key)));
    return field;
  }

  #make(key: string): EpisodeField | null {
    const known = this.list.find((one) => one.key === key);
    if (!known) return null;
    const maker = MAKERS.find((one) => one.key === key);
    if (maker) return { ...known, ...maker.make(this.set) };
    if (key.startsWith('extra/')) return { ...known, ...extraOf(this.set, key.slice('extra/'.length)) };
    const values = this.#scalars.get(key.slice('scalar/'.length));
    return values ? { ...known, ...number('number', aligned(this.set, values)) } : null;
  }
}

/** Indices into `STANDINGS`. */
function standings(set: EpisodeSet): Float64Array {
  const [ends, endedUs] = [set.column('end'), set.column('endedUs')];
  const found = new Float64Array(set.rows);
  set.runs.forEach(({ isRunning }, index) => {
    const place = (ended_us: number | null) =>
      ENDS.map((end) => STANDINGS.indexOf(standingOf({ end, ended_us }, isRunning)));
    const [untimed, timed] = [place(null), place(0)];
    const [from, to] = set.rowsOf(index);
    for (let row = from; row < to; row++)
      found[row] = (Number.isNaN(endedUs[row]) ? untimed : timed)[ends[row]];
  });
  return found;
}

/** Of what only a film stands for nobody counted steps. */
function lengths(set: EpisodeSet): Float64Array {
  const [returns, ended] = [set.column('episodeReturn'), set.column('ended')];
  return set
    .column('length')
    .map((length, row) => (length === 0 && ended[row] === 1 && Number.isNaN(returns[row]) ? NaN : length));
}

function durations(set: EpisodeSet): Float64Array {
  const [started, ended] = [set.column('startedUs'), set.column('endedUs')];
  return ended.map((us, row) => (us - started[row]) / 1e6);
}

function extraKeys(set: EpisodeSet): string[] {
  const keys = new Set<string>();
  for (const { table } of set.runs) {
    for (const extra of table.extra) {
      if (!extra) continue;
      for (const [key, value] of Object.entries(extra)) {
        if (!WORD_MEMBERS.has(key) && keys.size < EXTRA_MAX && isPlain(value)) keys.add(key);
      }
    }
  }
  return [...keys].sort();
}

const isPlain = (value: Json) => ['number', 'string', 'boolean'].includes(typeof value);

/** Numbers when any row holds one, else words. */
function extraOf(set: EpisodeSet, name: string): Pick<EpisodeField, 'kind' | 'values' | 'words'> {
  const of = (row: number) => set.extra(row)?.[name] ?? null;
  let numeric = false;
  for (let row = 0; row < set.rows && !numeric; row++) numeric = typeof of(row) === 'number';
  if (!numeric) return words(set, (row) => (isPlain(of(row)) ? String(of(row)) : null));
  const values = new Float64Array(set.rows);
  for (let row = 0; row < set.rows; row++) {
    const value = of(row);
    values[row] = typeof value === 'number' || typeof value === 'boolean' ? Number(value) : NaN;
  }
  return number('number', values);
}

function words(
  set: EpisodeSet,
  of: (row: number) => string | null,
): Pick<EpisodeField, 'kind' | 'values' | 'words'> {
  const all = new Set<string>();
  for (let row = 0; row < set.rows; row++) {
    const text = of(row);
    if (text !== null) all.add(text);
  }
  const sorted = [...all].sort();
  const indices = new Map(sorted.map((text, index) => [text, index]));
  const values = new Float64Array(set.rows);
  for (let row = 0; row < set.rows; row++) values[row] = indices.get(of(row) ?? '\0') ?? NaN;
  return word(sorted, values);
}

/** Values of a scalar, each at the row of its episode. */
function aligned(set: EpisodeSet, scalars: ScalarValues): Float64Array {
  const values = new Float64Array(set.rows).fill(NaN);
  const episodes = set.column('episode');
  set.runs.forEach(({ run }, index) => {
    const scalar = scalars.get(run);
    if (!scalar) return;
    let at = 0;
    const [from, to] = set.rowsOf(index);
    for (let row = from; row < to; row++) {
      while (at < scalar.episode.length && scalar.episode[at] < episodes[row]) at += 1;
      if (scalar.episode[at] === episodes[row]) values[row] = scalar.value[at];
    }
  });
  return values;
}
