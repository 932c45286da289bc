import { columnNamed, ColumnsError, doubles, type Column, type Columns } from './columns';
import { readParts } from './parts';
import { ApiError } from './source';

/** What is asked of a layer; what is left out is as the server has it. */
export interface FeaturesQuery {
  layer: string;
  /** Global step of the network; the newest when left out. */
  checkpoint?: number;
  /** Episodes whose steps are looked at; all recorded ones when left out. */
  episodes?: readonly number[];
  /** Most steps, picked evenly. */
  steps: number;
  /** `activations`, or a target whose signed attributions at the layer are taken apart. */
  of: string;
  /** Into how many factors. */
  factors: number;
}

/** How far a computation is. */
export interface FeaturesProgress {
  phase: string;
  /** From 0 to 1. */
  share: number;
}

/** Hears of progress, with the part as it came: images on their way have more to say. */
export type OnProgress = (progress: FeaturesProgress, part: Columns) => void;

/** Places in states of the run: step `step` of episode `episode`, cell (`row`, `column`) of the layer. */
export interface Places {
  length: number;
  episode: Float64Array;
  step: Float64Array;
  row: Uint32Array;
  column: Uint32Array;
  /** How strong the factor is there; a place with 0 is none. */
  strength: Float32Array;
}

/** A direction in the channels of a layer that was found again and again. */
export interface Factor {
  index: number;
  /** `#rrggbb`. */
  colour: string;
  /** L1 norm of its direction. */
  norm: number;
  /** Of the total strength of all factors. */
  share: number;
  /** Where it is strongest at each cell of the layer, row after row; null for layers without rows and columns. */
  examples: Places | null;
  /** Its strongest states, at most 16: by their place for layers with rows and columns, else the strongest first. */
  thumbnails: Places;
}

/** A layer taken apart. */
export interface Features {
  /** Name of the answer, for asking for its maps. */
  id: string;
  layer: string;
  /** Channels, rows and columns; or channels alone. */
  shape: readonly number[];
  of: string;
  checkpoint: { global_step: number; name: string };
  steps: number;
  leftOut: number;
  /** What the factors do not hold, as a part of the whole. */
  relativeError: number;
  notes: readonly string[];
  /** The field that patches are cut from. */
  observation: string;
  factors: readonly Factor[];
  /** Factor after factor: one number a channel. */
  directions: Float32Array;
}

/** How strong each factor is at each cell, of consecutive steps. */
export interface FeatureMaps {
  /** Step of the first row. */
  first: number;
  steps: number;
  factors: number;
  rows: number;
  columns: number;
  /** Step after step, factor after factor, row after row; signed for attributions. */
  maps: Float32Array;
  /** What the factors do not hold at each cell of each step. */
  residual: Float32Array;
  /** Sums over the cells, step after step. */
  totals: Float32Array;
  residualTotal: Float32Array;
  /** Zero where a step has no answer. */
  valid: Uint8Array | null;
}

/** What the policy says of one step after the other. */
export interface SaidOfSteps {
  /** Entries of `probabilities` a step; 0 where the policy is not told as a distribution. */
  actions: number;
  probabilities: Float32Array;
  value: Float64Array;
  /** The choice with the largest number, from 0; NaN where there is none. */
  greedy: Float64Array;
}

/** What the policy says of consecutive steps as they are, and what it would say without some features of a layer. */
export interface WithoutFeatures {
  step: Float64Array;
  /** KL(before ‖ after) in nats; NaN where there are no distributions. */
  kl: Float64Array;
  /** One where the greedy choice is another. */
  flips: Uint8Array;
  before: SaidOfSteps;
  after: SaidOfSteps;
}

/** Where in a layer an image is to excite a feature: in the middle, on the average over all places, or at each. */
export type ImagePlace = 'centre' | 'everywhere' | 'each';

/** What is asked of features that are to be drawn. */
export interface FeatureImagesQuery {
  factors: readonly number[];
  place: ImagePlace;
  seed: number;
  /** Of the ascent; as many as the server has when left out. */
  steps?: number;
}

/** An image that excites a feature, made by gradient ascent, or on its way. */
export interface RisingImage {
  factor: number;
  /** Null for all places of the layer together. */
  row: number | null;
  column: number | null;
  /** A row of the observation. */
  values: Float32Array;
  /** How far the layer reaches along the feature's direction there. */
  excitation: number;
  /** The same before the ascent. */
  start: number;
  /** The same at the beginning and after each step. */
  curve: Float32Array;
}

/** Images while the ascent runs. */
export interface ImagesSoFar {
  /** The field that they are of. */
  observation: string;
  images: readonly RisingImage[];
}

/** An image that was found. */
export interface FeatureImage extends RisingImage {
  /** The real state with the most of the same. */
  strongest: { episode: number; step: number; excitation: number };
}

export interface FeatureImages {
  /** The field that they are of. */
  observation: string;
  shape: readonly number[];
  /** Where their bounds come from. */
  bounds: string;
  notes: readonly string[];
  images: readonly FeatureImage[];
}

/** Rows and columns of a layer; one cell where it has none. */
export function gridOf({ shape }: Pick<Features, 'shape'>): { rows: number; columns: number } {
  return shape.length >= 3 ? { rows: shape.at(-2)!, columns: shape.at(-1)! } : { rows: 1, columns: 1 };
}

/** Reads a part that tells how far it is; null for another part. */
function progressOf({ header }: Columns): FeaturesProgress | null {
  if (header.part !== 'progress') return null;
  const share = Number(header.share);
  return { phase: String(header.phase ?? ''), share: share >= 0 && share <= 1 ? share : 0 };
}

/**
 * Of an answer in parts, the one called `name` that ends it; `onprogress` hears how far the work is. Throws `ApiError` when the stream
 * ends without it.
 */
export async function partAfterProgress(
  stream: ReadableStream<Uint8Array>,
  name: string,
  onprogress: OnProgress,
): Promise<Columns> {
  let found: Columns | null = null;
  await readParts(stream, (part) => {
    const progress = progressOf(part);
    if (progress) onprogress(progress, part);
    else if (part.header.part === name) found = part;
  });
  if (found) return found;
  throw new ApiError(0, {
    code: 'cut_off',
    message: 'the computation ended without an answer',
    hint: 'is `ethogram serve` still running? Ask again.',
  });
}

/** Reads the last part. Throws when it is not what `docs/http.md` says. */
export function featuresOf(columns: Columns): Features {
  const { header } = columns;
  const shape = numbers(header.shape);
  const told = Array.isArray(header.factors) ? (header.factors as Record<string, unknown>[]) : [];
  const directions = columnNamed(columns, 'directions');
  if (directions.rows !== told.length) {
    throw new ColumnsError(`expected directions of ${told.length} factors, found ${directions.rows}`);
  }
  const { rows, columns: wide } = gridOf({ shape });
  return {
    id: String(header.features),
    layer: String(header.layer),
    shape,
    of: String(header.of),
    checkpoint: header.checkpoint as Features['checkpoint'],
    steps: Number(header.steps),
    leftOut: Number(header.left_out ?? 0),
    relativeError: typeof header.relative_error === 'number' ? header.relative_error : NaN,
    notes: Array.isArray(header.notes) ? header.notes.map(String) : [],
    observation: String(header.observation ?? 'observation'),
    factors: told.map((one, i) => {
      // Layers without rows and columns have none.
      const has = (columns.byName.get(`${i}/example_step`)?.rows ?? 0) > 0;
      const examples = has ? placesOf(columns, `${i}/example`) : null;
      if (examples && examples.length !== rows * wide) {
        throw new ColumnsError(
          `factor ${i}: expected an example for each of ${rows * wide} cells, found ${examples.length}`,
        );
      }
      return {
        index: Number(one.index ?? i),
        colour: hexColour(one.colour),
        norm: Number(one.norm),
        share: Number(one.share),
        examples,
        thumbnails: placesOf(columns, `${i}/thumbnail`),
      };
    }),
    directions: directions.data as Float32Array,
  };
}

/** Reads images. Throws when they are not what `docs/http.md` says. */
export function featureImagesOf(columns: Columns): FeatureImages {
  const { header } = columns;
  const told = imagesTold(columns);
  return {
    observation: String(header.observation),
    shape: numbers(header.shape),
    bounds: String(header.bounds ?? ''),
    notes: Array.isArray(header.notes) ? header.notes.map(String) : [],
    images: risingOf(columns).map((image, i) => {
      const strongest = (told[i]!.strongest ?? {}) as Record<string, unknown>;
      return {
        ...image,
        strongest: {
          episode: Number(strongest.episode),
          step: Number(strongest.step),
          excitation: numberOf(strongest.excitation),
        },
      };
    }),
  };
}

/** Reads images on their way; null where progress says nothing of them. */
export function imagesSoFarOf(part: Columns): ImagesSoFar | null {
  if (!part.byName.has('values')) return null;
  return { observation: String(part.header.observation), images: risingOf(part) };
}

const imagesTold = ({ header }: Columns) =>
  Array.isArray(header.images) ? (header.images as Record<string, unknown>[]) : [];
const numberOf = (one: unknown) => (typeof one === 'number' ? one : NaN);

function risingOf(columns: Columns): RisingImage[] {
  const [values, curves] = [columnNamed(columns, 'values'), columnNamed(columns, 'curves')];
  const told = imagesTold(columns);
  if (values.rows !== told.length || curves.rows !== told.length) {
    throw new ColumnsError(`expected ${told.length} images, found ${values.rows} with ${curves.rows} curves`);
  }
  const place = (one: unknown) => (typeof one === 'number' ? one : null);
  const row = ({ data }: Column, i: number) => {
    const width = data.length / Math.max(1, told.length);
    return (data as Float32Array).subarray(i * width, (i + 1) * width);
  };
  return told.map((one, i) => ({
    factor: Number(one.factor),
    row: place(one.row),
    column: place(one.column),
    values: row(values, i),
    excitation: numberOf(one.excitation),
    start: numberOf(one.start),
    curve: row(curves, i),
  }));
}

/** Reads the maps of some steps. Throws when they are not what `docs/http.md` says. */
export function featureMapsOf(columns: Columns): FeatureMaps {
  const maps = columnNamed(columns, 'maps');
  const [steps = 0, factors = 0, rows = 1, wide = 1] = maps.shape;
  const of = (name: string, length: number) => {
    const column = columnNamed(columns, name);
    if (column.data.length !== length) {
      throw new ColumnsError(`column ${name}: expected ${length} numbers, found ${column.data.length}`);
    }
    return column.data as Float32Array;
  };
  return {
    first: Number(columns.header.first ?? 0),
    steps,
    factors,
    rows,
    columns: wide,
    maps: maps.data as Float32Array,
    residual: of('residual', steps * rows * wide),
    totals: of('totals', steps * factors),
    residualTotal: of('residual_total', steps),
    valid: maps.valid,
  };
}

/** Reads what would be said without features. Throws when it is not what `docs/http.md` says. */
export function withoutOf(columns: Columns): WithoutFeatures {
  const step = doubles(columnNamed(columns, 'step'));
  const of = (name: string) => {
    const column = doubles(columnNamed(columns, name));
    if (column.length !== step.length)
      throw new ColumnsError(`column ${name}: expected ${step.length} rows, found ${column.length}`);
    return column;
  };
  const said = (name: 'before' | 'after'): SaidOfSteps => {
    const probabilities = columnNamed(columns, `${name}/probabilities`);
    return {
      actions: probabilities.shape[1] ?? 0,
      probabilities: Float32Array.from(probabilities.data),
      value: of(`${name}/value`),
      greedy: of(`${name}/greedy`),
    };
  };
  return {
    step,
    kl: of('kl'),
    flips: Uint8Array.from(of('flips')),
    before: said('before'),
    after: said('after'),
  };
}

function placesOf(columns: Columns, name: string): Places {
  const column = (of: string): Column => columnNamed(columns, `${name}_${of}`);
  const step = doubles(column('step'));
  const whole = (of: string) => Uint32Array.from(column(of).data);
  const places: Places = {
    length: step.length,
    episode: doubles(column('episode')),
    step,
    row: whole('row'),
    column: whole('column'),
    strength: Float32Array.from(column('strength').data),
  };
  for (const [of, { length }] of Object.entries(places).filter(([of]) => of !== 'length') as [
    string,
    ArrayLike<number>,
  ][]) {
    if (length !== step.length)
      throw new ColumnsError(`column ${name}_${of}: expected ${step.length} rows, found ${length}`);
  }
  return places;
}

function numbers(list: unknown): number[] {
  return Array.isArray(list) ? list.map(Number) : [];
}

/** Colours come from outside and go into styles: only what is one. */
function hexColour(text: unknown): string {
  return typeof text === 'string' && /^#[0-9a-f]{6}$/i.test(text) ? text : 'gray';
}
