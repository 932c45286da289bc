import type { AttributionQuery } from './attribution';

/** Whether a checkpoint is the network that acted. */
export interface Parity {
  checkpoint: { global_step: number; name: string };
  /** Steps that were compared. */
  steps: number;
  verdict: Verdict;
  outputs: OutputParity[];
}

/** Equal within rounding; nearly, as by another precision; another network or preprocessing. */
export type Verdict = 'same' | 'close' | 'different';

/** One output of the network against the field of the same meaning. */
export interface OutputParity {
  output: string;
  field: string;
  /** Steps at which both are there. */
  steps: number;
  /** The largest difference; null when one side is no number where the other is. */
  worst: number | null;
  worst_step: number;
  /** The largest logged number. */
  scale: number | null;
  /** The largest difference as a share of the scale. */
  relative: number | null;
}

/** What can be measured of an attribution besides whether it adds up. */
export type QualityCheckName = 'curves' | 'infidelity' | 'randomised';

/** What is asked; the first answer of a target with several is measured. */
export interface QualityQuery extends Omit<AttributionQuery, 'as'> {
  step: number;
  checks: readonly QualityCheckName[];
}

/** How far one attribution is to be trusted; null for what was not asked, or cannot be told of its method. */
export interface Quality {
  step: number;
  target: string;
  at_input: number | null;
  completeness: { error: number | null; difference: number | null } | null;
  curves: RemovalCurves | null;
  infidelity: number | null;
  /** From the last layer down to the first: each with all layers before it in the list. */
  randomised: { layer: string; correlation: number | null }[];
}

/** The target while elements are taken away or put back, at the same shares of all elements. */
export interface RemovalCurves {
  shares: number[];
  /** The largest attribution goes first. */
  deletion: (number | null)[];
  /** The largest attribution comes first. */
  insertion: (number | null)[];
  /** Elements go in random order. */
  random: (number | null)[];
  deletion_area: number | null;
  insertion_area: number | null;
  random_area: number | null;
}
