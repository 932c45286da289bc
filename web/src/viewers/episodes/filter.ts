import { STANDINGS, type Standing } from '../../state/episode_ends';
import type { EpisodeFields } from './fields';

/**
 * Which episodes are shown, as people write it: terms that must all hold, parted by spaces.
 *
 * ```
 * return > 200        a number of any field: > >= < <= = !=, also 1.5k, 2M, -3e5
 * length:100..200     a number between two, both included; either may be left out
 * tag:hard agent:left a word that contains this, whatever its case; = is the whole word
 * recorded live       a word alone: recorded, evaluation, training, live, unfinished, ended, terminated, truncated
 * "fell over"         anywhere in what was written of the episode
 * -tag:hard           a minus in front: not so
 * ```
 * Values with spaces stand in quotes: `tag:"very hard"`. Members of `extra` go by their name, `level > 3`, or `extra/level` where
 * another field has that name; scalars on the episode axis by `scalar/TAG`.
 */
export interface EpisodeFilter {
  /** Whether a row passes. */
  passes: (row: number) => boolean;
  /** The first word that could not be understood; the filter then lets everything pass. */
  error: FilterError | null;
}

export interface FilterError {
  message: string;
  /** Where it is in the text. */
  from: number;
  to: number;
}

type Test = (row: number) => boolean;

interface Word {
  negated: boolean;
  key: string;
  op: string | null;
  value: string;
  quoted: boolean;
  from: number;
  to: number;
}

/** Words that stand alone. */
const FLAGS: Readonly<Record<string, (fields: EpisodeFields) => Test>> = {
  recorded: (fields) => is(fields.set.column('recorded'), 1),
  evaluation: (fields) => is(fields.set.column('evaluation'), 1),
  training: (fields) => is(fields.set.column('evaluation'), 0),
  live: (fields) => stands(fields, ['live']),
  // Those that go on, too.
  unfinished: (fields) => is(fields.set.column('ended'), 0),
  ended: (fields) => is(fields.set.column('ended'), 1),
  // An episode that was both is each.
  terminated: (fields) => stands(fields, ['terminated', 'both']),
  truncated: (fields) => stands(fields, ['truncated', 'both']),
};

/** Texts beside the fields. */
const TEXTS: Readonly<Record<string, (fields: EpisodeFields, row: number) => readonly string[]>> = {
  tag: (fields, row) => fields.words.tags(row),
  title: (fields, row) => [fields.words.title(row)],
  text: (fields, row) => [fields.words.text(row)],
};

const NUMBER = /^[-+−]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?([kMG])?$/;
const UNITS = { k: 1e3, M: 1e6, G: 1e9 } as const;

/** Understands a filter for these fields. */
export function parseFilter(text: string, fields: EpisodeFields): EpisodeFilter {
  const tests: Test[] = [];
  try {
    for (const word of wordsOf(text)) tests.push(testOf(word, fields));
  } catch (error) {
    if (error instanceof Wrong) return { passes: () => true, error: error.where };
    throw error;
  }
  return { passes: (row) => tests.every((test) => test(row)), error: null };
}

/** `text` with a word alone put in, or taken out when it is there. */
export function toggledWord(text: string, word: string): string {
  const words = text.split(/\s+/).filter(Boolean);
  const without = words.filter((one) => one !== word);
  return (without.length < words.length ? without : [...words, word]).join(' ');
}

/** Whether a word stands alone in a filter. */
export const hasWord = (text: string, word: string) => text.split(/\s+/).includes(word);

class Wrong extends Error {
  constructor(
    message: string,
    readonly where: FilterError,
  ) {
    super(message);
  }
}

function wrong(message: string, { from, to }: { from: number; to: number }): never {
  throw new Wrong(message, { message, from, to });
}

function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  const term = /(-?)(?:"([^"]*)("?)|([^\s<>=!:"]+)(?:\s*(>=|<=|!=|>|<|=|:)\s*(?:"([^"]*)("?)|([^\s"]*)))?)/y;
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at])) {
      at += 1;
      continue;
    }
    term.lastIndex = at;
    const found = term.exec(text);
    if (!found) wrong(`"${text[at]}" has no field before it`, { from: at, to: at + 1 });
    const [whole, minus, free, freeEnd, key, op, quoted, quotedEnd, bare] = found;
    const place = { from: at, to: at + whole.length };
    if (freeEnd === '' || quotedEnd === '') wrong('a quote is not closed', place);
    words.push({
      negated: minus === '-',
      key: key ?? 'text',
      op: key === undefined ? ':' : (op ?? null),
      value: free ?? quoted ?? bare ?? '',
      quoted: free !== undefined || quoted !== undefined,
      ...place,
    });
    at += whole.length;
  }
  return words;
}

function testOf(word: Word, fields: EpisodeFields): Test {
  const test = positive(word, fields);
  return word.negated ? (row) => !test(row) : test;
}

function positive(word: Word, fields: EpisodeFields): Test {
  const name = word.key.toLowerCase();
  if (word.op === null) {
    if (Object.hasOwn(FLAGS, name)) return FLAGS[name](fields);
    const known = nearest(name, [...Object.keys(FLAGS), ...keysOf(fields)]);
    return wrong(
      keysOf(fields).includes(name)
        ? `"${word.key}" needs a value, as in ${word.key} > 0`
        : `"${word.key}" is not known${known ? `: did you mean ${known}?` : ''} Text that is searched for stands in quotes.`,
      word,
    );
  }
  if (word.value === '' && !word.quoted) wrong(`nothing follows "${word.key} ${word.op}"`, word);
  if (Object.hasOwn(TEXTS, name)) return textTest(word, (row) => TEXTS[name](fields, row));
  const field = fieldOf(fields, word.key);
  if (!field) {
    const known = nearest(name, [...keysOf(fields), ...Object.keys(TEXTS)]);
    return wrong(`no field is called "${word.key}"${known ? `: did you mean ${known}?` : ''}`, word);
  }
  const { values, words } = field;
  if (words) {
    return textTest(word, (row) => (Number.isNaN(values[row]) ? [] : [words[values[row]]]));
  }
  return numberTest(word, values);
}

function textTest(word: Word, of: (row: number) => readonly string[]): Test {
  const value = word.value.toLowerCase();
  const holds = (text: string) =>
    word.op === ':' ? text.toLowerCase().includes(value) : text.toLowerCase() === value;
  if (word.op === '!=') return (row) => !of(row).some(holds);
  if (word.op !== ':' && word.op !== '=')
    wrong(`"${word.key}" is a word: it takes : = or !=, not ${word.op}`, word);
  return (row) => of(row).some(holds);
}

function numberTest(word: Word, values: Float64Array): Test {
  if (word.op === ':' || word.op === '=') {
    const range = word.value.split('..');
    if (range.length === 2) {
      const [low, high] = range.map((part, i) =>
        part === '' ? [-Infinity, Infinity][i] : numberOf(part, word),
      );
      return (row) => values[row] >= low && values[row] <= high;
    }
  }
  const number = numberOf(word.value, word);
  switch (word.op) {
    case '>':
      return (row) => values[row] > number;
    case '>=':
      return (row) => values[row] >= number;
    case '<':
      return (row) => values[row] < number;
    case '<=':
      return (row) => values[row] <= number;
    case '!=':
      return (row) => values[row] !== number;
    default:
      return Number.isNaN(number) ? (row) => Number.isNaN(values[row]) : (row) => values[row] === number;
  }
}

function numberOf(text: string, word: Word): number {
  if (/^nan$/i.test(text)) return NaN;
  if (/^[-−]?(inf|∞)$/i.test(text)) return /^[-−]/.test(text) ? -Infinity : Infinity;
  const found = NUMBER.exec(text);
  if (!found) return wrong(`"${word.key}" is a number, and "${text}" is none`, word);
  const unit = UNITS[found[3] as keyof typeof UNITS] ?? 1;
  return Number(text.replace('−', '-').replace(/[kMG]$/, '')) * unit;
}

/** A field by its key, else a member of `extra` by its name alone. */
function fieldOf(fields: EpisodeFields, key: string) {
  return fields.get(key.toLowerCase()) ?? fields.get(key) ?? fields.get(`extra/${key}`);
}

function keysOf(fields: EpisodeFields): string[] {
  return fields.list.flatMap(({ key }) => (key.startsWith('extra/') ? [key, key.slice(6)] : [key]));
}

function is(values: Float64Array, wanted: number): Test {
  return (row) => values[row] === wanted;
}

function stands(fields: EpisodeFields, wanted: readonly Standing[]): Test {
  const ends = fields.get('end')!.values;
  return (row) => wanted.includes(STANDINGS[ends[row]]);
}

/** The word that is most like another, when few letters differ. */
function nearest(word: string, known: readonly string[]): string | null {
  let [best, distance] = [null as string | null, Math.min(3, Math.ceil(word.length / 2))];
  for (const one of known) {
    const apart = one.startsWith(word) ? 1 : editDistance(word, one);
    if (apart < distance) [best, distance] = [one, apart];
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[b.length];
}
