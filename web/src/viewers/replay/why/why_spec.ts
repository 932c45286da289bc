/** What is asked of a network about each step. */
export interface Question {
  method: string;
  target: string;
  /** Global step; null for the one in force. */
  checkpoint: number | null;
  /** Null for the observation. */
  layer: string | null;
  /** How the output is looked at; null for as it is. */
  of: string | null;
  /** Parameters of the method that are not as it would have them. */
  params: Readonly<Record<string, string>>;
}

/** What the panel asks, as in the address. */
export interface WhySpec extends Question {
  on: boolean;
  /** Further questions, each as it differs from the first. */
  also: readonly Partial<Question>[];
  /** The curve of totals is among those of the time line. */
  totals: boolean;
}

export const METHOD_DEFAULT = 'saliency';
export const TARGET_DEFAULT = 'action';
/** Further questions that are kept: more cannot be told apart. */
export const ALSO_MAX = 7;

type Read = (name: string) => string | null;

/** Reads the address; anything odd gives the default. */
export function parseWhy(param: Read): WhySpec {
  return {
    on: param('why') !== null,
    method: param('why') || METHOD_DEFAULT,
    target: param('target') || TARGET_DEFAULT,
    checkpoint: wholeNumber(param('checkpoint')),
    layer: param('layer') || null,
    of: param('of') || null,
    params: paramsOf(param('ask')),
    also: alsoOf(param('also')),
    totals: param('totals') !== null,
  };
}

/** What to write into the address; defaults are left out. Another method has other parameters. */
export function patchOfWhy(change: Partial<WhySpec>, now: WhySpec): Record<string, string | null> {
  const isOther = change.method !== undefined && change.method !== now.method;
  const spec = { ...now, ...(isOther ? { params: {} } : {}), ...change };
  const { on } = spec;
  return {
    why: on ? (spec.method === METHOD_DEFAULT ? '' : spec.method) : null,
    target: on && spec.target !== TARGET_DEFAULT ? spec.target : null,
    checkpoint: on && spec.checkpoint !== null ? String(spec.checkpoint) : null,
    layer: on ? spec.layer : null,
    of: on ? spec.of : null,
    ask: on ? textOf(spec.params) : null,
    also: on && spec.also.length > 0 ? spec.also.map(differenceText).join(';') : null,
    totals: on && spec.totals ? '1' : null,
  };
}

/** The question of a row: 0 is the panel's own. */
export function questionOf(spec: WhySpec, row: number): Question {
  const { method, target, checkpoint, layer, of, params } = spec;
  const own: Question = { method, target, checkpoint, layer, of, params };
  const other = row === 0 ? undefined : spec.also[row - 1];
  if (!other) return own;
  const differs = other.method !== undefined && other.method !== method;
  return { ...own, ...(differs ? { params: {} } : {}), ...other };
}

/** The rows after a question of one of them became another: what is as in the first is not said again. */
export function withRow(spec: WhySpec, row: number, question: Question): Partial<WhySpec> {
  if (row === 0) return question;
  const own = questionOf(spec, 0);
  const { params, ...rest } = question;
  const other: Partial<Question> = Object.fromEntries(
    Object.entries(rest).filter(([name, value]) => own[name as keyof Question] !== value),
  );
  if (other.method !== undefined ? Object.keys(params).length > 0 : textOf(params) !== textOf(own.params)) {
    other.params = params;
  }
  return { also: spec.also.map((one, i) => (i === row - 1 ? other : one)) };
}

/** A question as one text: equal for equal questions. */
export function keyOf({ method, target, checkpoint, layer, of, params }: Question): string {
  return JSON.stringify([method, target, checkpoint, layer, of, textOf(params)]);
}

/** A target in words: `RIGHT`, `value`. */
export function targetTitle(target: string, name: (index: number) => string): string {
  if (target === 'action') return 'action taken';
  if (target === 'greedy') return 'greedy action';
  if (/^\d+$/.test(target)) return name(Number(target));
  const pair = pairOf(target);
  return pair ? `${name(pair[0])}, not ${name(pair[1])}` : target.replaceAll('_', ' ');
}

/** Why the first, and not the second; null for other targets. */
export function pairOf(target: string): [number, number] | null {
  const match = /^(\d{1,6})-(\d{1,6})$/.exec(target);
  return match && [Number(match[1]), Number(match[2])];
}

function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** `steps:100,rule:left` as a record; what is no pair is left out. */
function paramsOf(text: string | null): Record<string, string> {
  const pairs = (text ?? '').split(',').map((pair) => pair.split(':'));
  return Object.fromEntries(
    pairs.flatMap(([name, ...value]) => (name && value.length > 0 ? [[name, value.join(':')]] : [])),
  );
}

function textOf(params: Readonly<Record<string, string>>): string | null {
  const names = Object.keys(params).toSorted();
  return names.length > 0 ? names.map((name) => `${name}:${params[name]}`).join(',') : null;
}

/** `target=value&method=occlusion` for what differs. */
function differenceText(other: Partial<Question>): string {
  const parts = new URLSearchParams();
  for (const name of ['method', 'target', 'layer', 'of'] as const) {
    if (other[name] !== undefined) parts.set(name, other[name] ?? '');
  }
  if (other.checkpoint !== undefined) parts.set('checkpoint', String(other.checkpoint ?? ''));
  if (other.params) parts.set('ask', textOf(other.params) ?? '');
  return parts.toString();
}

function alsoOf(text: string | null): Partial<Question>[] {
  if (text === null) return [];
  return text
    .split(';')
    .slice(0, ALSO_MAX)
    .map((part) => {
      const read = new URLSearchParams(part);
      const other: Partial<Question> = {};
      if (read.get('method')) other.method = read.get('method')!;
      if (read.get('target')) other.target = read.get('target')!;
      if (read.has('layer')) other.layer = read.get('layer') || null;
      if (read.has('of')) other.of = read.get('of') || null;
      if (read.has('checkpoint')) other.checkpoint = wholeNumber(read.get('checkpoint'));
      if (read.has('ask')) other.params = paramsOf(read.get('ask'));
      return other;
    });
}
