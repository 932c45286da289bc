import { columnNamed, doubles, type Columns } from './columns';
import type { Dtype, ErrorBody } from './wire';

/** One change of what the policy received at a step; `docs/http.md` says what each member means. */
export interface Edit {
  field: string;
  place: Place;
  /** Frames of a stack; all when left out. */
  planes?: number[];
  change: Change;
}

export type Place =
  | 'all'
  | { elements: number[] }
  /** Left, top, columns, rows. */
  | { rect: [number, number, number, number] }
  /** First pixel and how many, counted row after row. */
  | { runs: [number, number][] };

export type Change =
  | 'erase'
  | { set: number }
  | { blur: number }
  | { paste: { episode?: number; step: number; dx?: number; dy?: number } };

/** What a policy says of one input. */
export interface Said {
  /** Role of `numbers`; empty when the signature names no output with a number an action. */
  role: '' | 'logits' | 'q_values' | 'action_probabilities' | 'action_mean';
  numbers: (number | null)[];
  /** Empty where the policy is not told as a distribution. */
  probabilities: (number | null)[];
  sd: (number | null)[];
  /** How many of `numbers` belong to each choice. */
  parts: number[];
  /** The choice with the largest number, one a part. */
  greedy: number[];
  value: number | null;
}

/** A field before and after. */
export interface EditedField {
  name: string;
  dtype: Dtype | null;
  shape: number[];
  stack_axis: number | null;
  /** Numbers that are not what they were. */
  changed: number;
  /** Numbers that the type could not hold. */
  clipped: number;
  /** Numbers outside of the observation space. */
  outside: number;
  before: Float32Array;
  after: Float32Array;
}

export interface Checkpoint {
  global_step: number;
  name: string;
}

/** Attributions of a step before and after. */
export interface EditedAttribution {
  output: string;
  wrt: string;
  shape: number[];
  wrtShape: number[];
  before: Float32Array;
  after: Float32Array;
}

/** What one checkpoint says before and after. */
export interface WhatIfAnswer {
  checkpoint: Checkpoint;
  in_force: boolean;
  /** KL(before ‖ after), in nats. */
  kl: number | null;
  /** KL(checkpoint in force ‖ this one) at the edited input. */
  kl_from_force: number | null;
  before: Said;
  after: Said;
  attribution: EditedAttribution | null;
}

export interface WhatIf {
  fields: EditedField[];
  answers: WhatIfAnswer[];
}

export interface WhatIfQuery {
  step: number;
  edits: readonly Edit[];
  /** Global steps, or all; the one in force when left out. */
  checkpoints?: readonly number[] | 'all';
  attribution?: { method: string; target: string; wrt?: string };
}

export interface CounterfactualQuery {
  step: number;
  action: number;
  edits: readonly Edit[];
  checkpoint?: number;
  measure: 'fewest' | 'least';
  field?: string;
}

/** The smallest change that a search found. */
export interface Counterfactual {
  /** To be done after those of the question. */
  edits: Edit[];
  flips: boolean;
  before: Said;
  after: Said;
  field: string;
  size: { l0: number; l1: number; l2: number; l_inf: number };
  /** Where each element could go; empty for pictures. */
  bounds: [number, number][];
  /** Elements whose change alone is enough, with the nearest number that is. */
  alone: [number, number][];
  asked: number;
}

/** A line of a search. */
export type SearchLine =
  { asked: number; margin: number | null } | { found: Counterfactual } | { error: ErrorBody };

/** What many checkpoints say of the same states. */
export interface Disagreement {
  steps: Float64Array;
  /** How far apart they are, one a state. */
  apart: Float64Array;
  /** Whether that is a KL in nats; else the share of pairs whose greedy actions differ. */
  byKl: boolean;
  role: Said['role'];
  inForce: number;
  of: {
    checkpoint: Checkpoint;
    /** One an action, state after state. */
    numbers: Float64Array;
    /** Empty where the policy is no distribution. */
    probabilities: Float64Array;
    value: Float64Array;
    greedy: Float64Array;
    /** KL(checkpoint in force ‖ this one). */
    kl: Float64Array;
  }[];
}

interface AttributionHeader {
  output: string;
  wrt: string;
  shape: number[];
  wrt_shape: number[];
}

/** Reads an answer. Throws when it is not what `docs/http.md` says. */
export function whatIfOf(columns: Columns): WhatIf {
  const floats = (name: string) => columnNamed(columns, name).data as Float32Array;
  const fields = (columns.header.fields ?? []) as Omit<EditedField, 'before' | 'after'>[];
  const answers = (columns.header.answers ?? []) as (Omit<WhatIfAnswer, 'attribution'> & {
    attribution?: AttributionHeader;
  })[];
  return {
    fields: fields.map((field, i) => ({
      ...field,
      before: floats(`field/${i}/before`),
      after: floats(`field/${i}/after`),
    })),
    answers: answers.map(({ attribution, ...answer }, i) => ({
      ...answer,
      attribution: attribution
        ? {
            output: attribution.output,
            wrt: attribution.wrt,
            shape: attribution.shape,
            wrtShape: attribution.wrt_shape,
            before: floats(`attribution/${i}/before`),
            after: floats(`attribution/${i}/after`),
          }
        : null,
    })),
  };
}

export function disagreementOf(columns: Columns): Disagreement {
  const numbers = (name: string) => doubles(columnNamed(columns, name));
  const { header } = columns;
  return {
    steps: numbers('step'),
    apart: numbers('apart'),
    byKl: header.by_kl === true,
    role: (header.role ?? '') as Said['role'],
    inForce: Number(header.in_force ?? 0),
    of: ((header.checkpoints ?? []) as Checkpoint[]).map((checkpoint, i) => ({
      checkpoint,
      numbers: numbers(`${i}/numbers`),
      probabilities: numbers(`${i}/probabilities`),
      value: numbers(`${i}/value`),
      greedy: numbers(`${i}/greedy`),
      kl: numbers(`${i}/kl`),
    })),
  };
}
