import { columnNamed, doubles, type Columns } from './columns';

/** What can be asked of an episode's networks. */
export interface Explanations {
  checkpoints: { global_step: number; name: string }[];
  /** Index of the checkpoint in force in the episode. */
  in_force: number;
  targets: TargetChoice[];
  /** How the numbers of actions can be looked at. */
  views: { name: string; doc: string }[];
  inputs: { name: string; field: string; recurrent: boolean }[];
  layers: LayerChoice[];
  methods: MethodChoice[];
}

/** A target as it is asked for, and what people read. */
export interface TargetChoice {
  name: string;
  label: string;
  /** Whether it has several answers. */
  several: boolean;
}

/** A hidden layer. */
export interface LayerChoice {
  name: string;
  operator: string;
  /** Shape of one row. */
  shape: number[];
  /** Whether all that reaches the outputs goes through it. */
  bottleneck: boolean;
  /** The one to begin with. */
  recommended: boolean;
}

/** A method and its settings. */
export interface MethodChoice {
  name: string;
  doc: string;
  does_not_show: string;
  /** What its numbers are. */
  tells: 'slopes' | 'shares' | 'effects' | 'sizes';
  cost: string;
  source: string;
  params: MethodParam[];
}

/** A setting of a method. */
export type MethodParam = { name: string; doc: string } & (
  | { kind: 'integer' | 'float'; default: number; min: number; max: number }
  | { kind: 'choice'; default: string; of: string[] }
  | { kind: 'bool'; default: boolean }
);

/** What is asked. */
export interface AttributionQuery {
  method: string;
  target: string;
  /** Global step; the one in force when left out. */
  checkpoint?: number;
  /** A hidden layer; the observation when left out. */
  wrt?: string;
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
  /** Bytes with a sign; a value is its byte times the row's scale. */
  values: Int8Array;
  scale: Float64Array;
  /** Zero where a step has no answer. */
  valid: Uint8Array | null;
  /** The target's value. */
  atInput: Float64Array;
  /** Empty for methods that promise no sum. */
  completenessError: Float64Array;
  /** Which entry of the output was explained. */
  entry: Float64Array;
  output: string;
  wrt: string;
  checkpoint: { global_step: number; name: string };
}

/** Reads an answer. Throws when it is not what `docs/http.md` says. */
export function attributionsOf(columns: Columns): Attributions {
  const values = columnNamed(columns, 'values');
  const { header } = columns;
  return {
    first: Number(header.first),
    rows: values.rows,
    shape: values.shape.slice(1),
    wrtShape: (header.wrt_shape ?? []) as number[],
    values: values.data as Int8Array,
    scale: doubles(columnNamed(columns, 'scale')),
    valid: values.valid,
    atInput: doubles(columnNamed(columns, 'at_input')),
    completenessError: doubles(columnNamed(columns, 'completeness_error')),
    entry: doubles(columnNamed(columns, 'entry')),
    output: String(header.output ?? ''),
    wrt: String(header.wrt ?? ''),
    checkpoint: header.checkpoint as Attributions['checkpoint'],
  };
}
