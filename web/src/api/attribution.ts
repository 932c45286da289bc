import { columnNamed, doubles, type Columns } from './columns';

/** What can be asked of an episode's networks. */
export interface Explanations {
  checkpoints: CheckpointChoice[];
  /** Index of the checkpoint in force in the episode. */
  in_force: number;
  /** The field that networks take as their observation. */
  observation: string;
  targets: TargetChoice[];
  /** How the numbers of an output can be looked at, for example as probabilities; the first is as they are. */
  views: { name: string; doc: string }[];
  layers: LayerChoice[];
  methods: MethodChoice[];
}

export interface CheckpointChoice {
  global_step: number;
  name: string;
  /** The part of a rendered picture that the observation is made of, in its pixels. */
  region?: Region | null;
  /** It receives `by · logged + plus` of every element; null or left out where that is not so. */
  received?: { by: number; plus: number } | null;
}

export interface Region {
  /** The picture's field. */
  field: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface TargetChoice {
  name: string;
  /** In words, where the server has some. */
  label: string | null;
  /** It has several answers at once. */
  several: boolean;
}

/** A hidden layer that can be explained in place of the observation. */
export interface LayerChoice {
  name: string;
  /** Operator that makes it; null when it is not known. */
  kind: string | null;
  /** Without the batch; null when it is not known. */
  shape: number[] | null;
  /** By the bottleneck rule. */
  recommended: boolean;
}

export interface MethodChoice {
  name: string;
  doc: string;
  source: string;
  /** What its answers do not show. */
  doesNotShow: string;
  /** What one step costs, in passes through the network. */
  cost: string;
  params: MethodParam[];
}

/** A number, choice or switch that a method can be told. */
export interface MethodParam {
  name: string;
  kind: 'integer' | 'float' | 'choice' | 'bool';
  /** As it is written in a query. */
  usual: string;
  /** Smallest and largest; null for none. */
  min: number | null;
  max: number | null;
  choices: string[];
  doc: string;
}

/** What is asked. */
export interface AttributionQuery {
  method: string;
  target: string;
  /** Global step; the one in force when left out. */
  checkpoint?: number;
  /** A hidden layer; the observation when left out. */
  wrt?: string;
  /** How the output is looked at; as it is when left out. */
  of?: string;
  /** Numbers as they are in place of a byte each: for tables. */
  as?: 'float32';
  /** Parameters of the method that are not as it would have them. */
  params?: Readonly<Record<string, string>>;
}

/** Attributions of consecutive steps. */
export interface Attributions {
  /** Step of the first row. */
  first: number;
  rows: number;
  /** Shape of one row: that of the explained value, or a coarser grid over its last two axes. */
  shape: number[];
  /** Shape of the explained value at one step. */
  wrtShape: number[];
  /** A value is its number here times the row's scale. */
  values: Int8Array | Float32Array;
  scale: Float64Array;
  /** Zero where a step has no answer. */
  valid: Uint8Array | null;
  /** The target's value. */
  atInput: Float64Array;
  /** Its value at the baseline; empty for methods without one. */
  atBaseline: Float64Array;
  /** Empty for methods that promise no sum. */
  completenessError: Float64Array;
  /** Which entry of the output was explained. */
  entry: Float64Array;
  output: string;
  wrt: string;
  checkpoint: { global_step: number; name: string };
}

/** Sums over the attributions of consecutive steps, NaN where there is no answer. */
export interface AttributionTotals {
  /** Step of the first row. */
  first: number;
  /** Sum of what speaks for the target, and of what speaks against it, which is not above zero. */
  positive: Float64Array;
  negative: Float64Array;
  /** The target's value. */
  atInput: Float64Array;
}

/** Reads an answer. Throws when it is not what `docs/http.md` says. */
export function attributionsOf(columns: Columns): Attributions {
  return oneOf(columns, '', String(columns.header.output ?? ''));
}

/** Reads an answer about several targets: one a target, in the order of the answer. */
export function attributionsOfEach(columns: Columns): Attributions[] {
  const { targets, output, outputs } = columns.header;
  const named = Array.isArray(outputs) ? outputs.map(String) : [];
  const count = Array.isArray(targets) ? targets.length : 1;
  return Array.from({ length: count }, (_, index) =>
    oneOf(columns, count > 1 ? `${index}/` : '', named[index] ?? String(output ?? '')),
  );
}

function oneOf(columns: Columns, prefix: string, output: string): Attributions {
  const of = (name: string) => columnNamed(columns, prefix + name);
  const values = of('values');
  const { header } = columns;
  return {
    first: Number(header.first),
    rows: values.rows,
    shape: values.shape.slice(1),
    wrtShape: (header.wrt_shape ?? []) as number[],
    values: values.data as Int8Array | Float32Array,
    scale: doubles(of('scale')),
    valid: values.valid,
    atInput: doubles(of('at_input')),
    atBaseline: columns.byName.has(`${prefix}at_baseline`) ? doubles(of('at_baseline')) : new Float64Array(),
    completenessError: doubles(of('completeness_error')),
    entry: doubles(of('entry')),
    output,
    wrt: String(header.wrt ?? ''),
    checkpoint: header.checkpoint as Attributions['checkpoint'],
  };
}

/** Reads what can be asked. Servers of before told names alone; what they did not say is null or empty. */
export function explanationsOf(answer: unknown): Explanations {
  const { checkpoints, in_force, targets, views, inputs, layers, methods } = answer as Record<string, never>;
  const named = <T>(list: unknown, make: (one: Record<string, unknown>) => T): T[] =>
    (Array.isArray(list) ? list : []).map((one) =>
      make(typeof one === 'string' ? { name: one } : (one as Record<string, unknown>)),
    );
  const text = (from: unknown) => (typeof from === 'string' ? from : '');
  const fields = named(inputs, ({ field, recurrent }) => ({
    field: text(field),
    recurrent: recurrent === true,
  }));
  return {
    checkpoints,
    in_force,
    observation: fields.find(({ recurrent }) => !recurrent)?.field ?? 'observation',
    targets: named(targets, ({ name, label, several }) => ({
      name: text(name),
      label: text(label) || null,
      several: several === true,
    })),
    views: named(views, ({ name, doc }) => ({ name: text(name), doc: text(doc) })),
    layers: named(layers, ({ name, operator, shape, recommended }) => ({
      name: text(name),
      kind: text(operator) || null,
      shape: Array.isArray(shape) ? (shape as number[]) : null,
      recommended: recommended === true,
    })),
    methods: named(methods, ({ name, doc, source, does_not_show, cost, params }) => ({
      name: text(name),
      doc: text(doc),
      source: text(source),
      doesNotShow: text(does_not_show),
      cost: text(cost),
      params: named(params, paramOf),
    })),
  };
}

/** Reads a parameter of a method. */
export function paramOf(from: Record<string, unknown>): MethodParam {
  const number = (value: unknown) => (typeof value === 'number' && Number.isFinite(value) ? value : null);
  return {
    name: String(from.name),
    kind: from.kind as MethodParam['kind'],
    usual: String(from.default),
    min: number(from.min),
    max: number(from.max),
    choices: Array.isArray(from.of) ? (from.of as string[]) : [],
    doc: String(from.doc ?? ''),
  };
}

/** Sums over the attributions of consecutive steps. Throws when they are not what `docs/http.md` says. */
export function totalsOf(columns: Columns): AttributionTotals {
  return {
    first: Number(columns.header.first),
    positive: doubles(columnNamed(columns, 'positive')),
    negative: doubles(columnNamed(columns, 'negative')),
    atInput: doubles(columnNamed(columns, 'at_input')),
  };
}
